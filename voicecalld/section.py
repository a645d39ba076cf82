"""What all tables of the configuration file have in common."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic.config import JsonDict

from voicecalld.ids import PhoneNumber, parse_phone_number

MILLISECONDS: JsonDict = {"unit": "milliseconds"}
SECONDS: JsonDict = {"unit": "seconds"}
NUMBER_FORM: JsonDict = {"form": "an E.164 phone number such as +15550100"}

Number = Annotated[PhoneNumber, AfterValidator(parse_phone_number)]

# Strict would want a tuple, and TOML has arrays; their items stay strict.
FromArray = Field(strict=False)


class Section(BaseModel):
    """One table of the configuration file: never changed, and nothing unknown in it.

    Strict: the text ``"300"`` is no number, and ``true`` is not one either. Defaults are
    validated like everything else, so a default that contradicts a given value is found.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )


LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def check_url(text: str) -> str:
    """Refuse what is no ``https:`` URL; ``http:`` will do where nobody else can listen."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("it must be a URL such as https://voice.example.com") from None
    if parts.scheme not in {"http", "https"} or not host or not is_plain(text):
        raise ValueError("it must be a URL such as https://voice.example.com")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise ValueError("it must begin with https:// unless its host is this machine")
    if parts.username is not None or parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError("it must have no user, no query and no fragment")
    return text


def is_plain(text: str) -> bool:
    """Whether *text* has nothing but printable characters of ASCII, and no blanks."""
    return text.isascii() and text.isprintable() and " " not in text


def check_base_url(text: str) -> str:
    """Refuse what is no URL of a host alone."""
    if urlsplit(check_url(text)).path not in {"", "/"}:
        raise ValueError("it must have no path")
    return text.rstrip("/")


def check_secret(secret: SecretStr) -> SecretStr:
    """Refuse what has been copied together with something else."""
    if not is_plain(secret.get_secret_value()):
        raise ValueError("it must have nothing but printable characters of ASCII, and no blanks")
    return secret


Secret = Annotated[SecretStr, AfterValidator(check_secret)]
