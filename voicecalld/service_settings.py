"""What the settings of all services across the network have in common: keys and addresses."""

import re
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from voicecalld.section import LOOPBACK_HOSTS, is_plain

LONGEST_KEY = 4_000
"""Some keys are whole tokens, with what they allow written inside."""

ENDINGS_OF_PRIVATE_NAMES = (".local", ".lan", ".internal", ".home.arpa", ".localhost")

# Without a dot, and yet no name: the system takes it for an address of four bytes.
# Source: inet_aton(3).
ADDRESS_IN_ONE_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")

WHERE_PLAIN = (
    "only on this machine or in a private network, as whoever is on the way could read the key "
    "and what is said"
)
URL_FORM = f"an https URL without user, query and fragment; http {WHERE_PLAIN}"
SOCKET_URL_FORM = f"a wss URL without user and fragment; ws {WHERE_PLAIN}"
EITHER_URL_FORM = f"an https or wss URL without user, query and fragment; http or ws {WHERE_PLAIN}"


def is_private(host: str) -> bool:
    """Whether *host* can only be on this machine, or in a network that is not the internet."""
    if host in LOOPBACK_HOSTS:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        is_name = ADDRESS_IN_ONE_NUMBER.fullmatch(host) is None
        return (is_name and "." not in host) or host.endswith(ENDINGS_OF_PRIVATE_NAMES)
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return not (inner or address).is_global and not (inner or address).is_multicast


def check_address(text: str, secure: frozenset[str], plain: frozenset[str]) -> SplitResult:
    """The parts of *text*, if that is a URL of one of these schemes, without user and fragment.

    Raises:
        ValueError: it is not, or is of a *plain* scheme although its host is not private.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("it must be a URL") from None
    if parts.scheme not in secure | plain or not host or not is_plain(text):
        raise ValueError("it must be a URL")
    if parts.scheme in plain and not is_private(host):
        raise ValueError("it must be encrypted, as its host is not private")
    if "@" in parts.netloc or "#" in text:
        raise ValueError("it must have no user and no fragment")
    return parts


def check_http_url(text: str) -> str:
    """Refuse what is no address of requests."""
    return without_query(text, check_address(text, frozenset({"https"}), frozenset({"http"})))


def check_socket_url(text: str) -> str:
    """Refuse what is no address of a WebSocket."""
    check_address(text, frozenset({"wss"}), frozenset({"ws"}))
    return text


def check_either_url(text: str) -> str:
    """Refuse what is neither."""
    secure, plain = frozenset({"https", "wss"}), frozenset({"http", "ws"})
    return without_query(text, check_address(text, secure, plain))


def without_query(text: str, parts: SplitResult) -> str:
    """*text* without slashes at its end, if its *parts* have no query."""
    if parts.query or "?" in text:
        raise ValueError("it must have no query")
    return text.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(check_http_url)]
SocketUrl = Annotated[str, AfterValidator(check_socket_url)]
EitherUrl = Annotated[str, AfterValidator(check_either_url)]


def service_key(whose: str, credential: str, variable: str) -> Any:
    """A field that holds a key, which may as well stand in a credential or a variable."""
    return Field(
        default=SecretStr(""),
        max_length=LONGEST_KEY,
        description=(
            f"{whose}; the credential {credential} or the environment variable {variable} may "
            "hold it instead."
        ),
        json_schema_extra={
            "form": f"a text of at most {LONGEST_KEY} characters of ASCII, without blanks"
        },
    )


def service_url(default: str, description: str, form: str = URL_FORM) -> Any:
    """A field that says where a service is."""
    return Field(
        default=default,
        max_length=500,
        description=description,
        json_schema_extra={"form": form},
    )


def service_name(default: str, description: str, form: str) -> Any:
    """A field with a name that only the service can judge: of a model, of a voice."""
    return Field(
        default=default,
        pattern=r"^[!-~]{0,200}$",
        description=description,
        json_schema_extra={"form": form},
    )
