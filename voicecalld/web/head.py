"""The head of an HTTP request: only what two readers cannot read differently is taken.

Rule 1: whoever parses after us - h11, a WebSocket library - sees nothing that was not seen here.
Rule 2: what no carrier sends is refused, also where the standard would allow it.
Rule 3: a reason for a refusal is words of ours, so that it can be logged.

Source: RFC 9112 (HTTP/1.1), RFC 3986 (the request target), RFC 6455 (the upgrade).
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from voicecalld.errors import BadHeadError

MAX_HEAD_BYTES: Final = 16 * 1024
"""What h11 takes as well; a signed webhook behind two proxies has about 2 KiB."""

MAX_FIELDS: Final = 100  # a webhook behind two proxies has about 30

END: Final = b"\r\n\r\n"

# Every class of characters excludes the delimiter behind it: matching takes linear time.
REQUEST_LINE: Final = re.compile(rb"([A-Z]{1,20}) ([^ ]{1,16384}) (HTTP/[0-9]\.[0-9])")
TARGET: Final = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)")
HOST: Final = re.compile(r"(?:[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
# No sign, no leading zero, no list; and no number that some other reader would wrap round.
LENGTH: Final = re.compile(r"0|[1-9][0-9]{0,9}")

# What no head has, wherever it is; a carriage return may be the last that has arrived.
FOREIGN: Final = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# They are about the connection, which is between us and the peer.
HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "proxy-connection", "te", "upgrade"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead:
    """The head of a request that is well formed.

    ``target`` is as received, ``path`` and ``query`` are its parts, still percent-encoded. The
    fields are in their order, names in lower case, values in Latin-1, which loses no byte.
    """

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    content_length: int
    is_websocket_upgrade: bool

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What is behind the question mark of the target."""
        return self.target.partition("?")[2]

    def values(self, name: str) -> tuple[str, ...]:
        """The values of all fields that are called *name*, which is in lower case."""
        return tuple(value for field, value in self.fields if field == name)


def measure_head(received: bytes) -> int | None:
    """The size of the head that *received* begins with, in bytes; ``None``: it goes on.

    Raises:
        BadHeadError: it will never be a head that we take.
    """
    size = received.find(END) + len(END)
    if size >= len(END):
        if size > MAX_HEAD_BYTES:
            raise too_long()
        return size
    if len(received) >= MAX_HEAD_BYTES:
        raise too_long()
    # A peer that ends its lines otherwise, or speaks TLS, would be waited for in vain.
    if FOREIGN.search(received):
        raise malformed("control character")
    return None


def parse_head(head: bytes) -> RequestHead:
    """Read a whole *head*, the empty line at its end included.

    Raises:
        BadHeadError: it is malformed, ambiguous, or asks for what nobody gets here.
    """
    if FOREIGN.search(head):
        raise malformed("control character")
    first, *lines = head.removesuffix(END).split(b"\r\n")
    method, target = parse_request_line(first)
    if len(lines) > MAX_FIELDS:
        raise too_long()
    fields = tuple(parse_field(line) for line in lines)
    check_host(find_values(fields, "host"))
    length = parse_body_length(fields)
    return RequestHead(
        method=method,
        target=target,
        fields=fields,
        content_length=length,
        is_websocket_upgrade=is_websocket_upgrade(method, fields, length),
    )


def render_single_request(head: RequestHead) -> bytes:
    """*head* as bytes for whoever serves this request and no other on the same connection."""
    lines = [f"{head.method} {head.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.fields if name not in HOP_BY_HOP]
    lines += ["connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def parse_request_line(line: bytes) -> tuple[str, str]:
    """Method and target of the first line of a head."""
    found = REQUEST_LINE.fullmatch(line)
    if found is None:
        raise malformed("request line")
    method, target, version = found.groups()
    if version != b"HTTP/1.1":
        raise BadHeadError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "not HTTP/1.1")
    # The absolute form and that of CONNECT are for proxies, the asterisk is for nobody.
    if not TARGET.fullmatch(target) or method == b"CONNECT":
        raise malformed("request target")
    return method.decode("ascii"), target.decode("ascii")


def parse_field(line: bytes) -> tuple[str, str]:
    """Name in lower case and value of one line of a head.

    A line that begins with a blank, which once continued the line before, has no name.
    """
    found = FIELD.fullmatch(line)
    if found is None:
        raise malformed("header field")
    name, value = found.groups()
    return name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")


def check_host(hosts: tuple[str, ...]) -> None:
    """Refuse a head without a host, and one with several."""
    if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
        raise malformed("Host")


def parse_body_length(fields: tuple[tuple[str, str], ...]) -> int:
    """How long the body is, in bytes, by the one field that may say so."""
    lengths = find_values(fields, "content-length")
    if find_values(fields, "transfer-encoding"):
        # Carriers know the length of what they send; chunks are where readers disagree.
        if lengths:
            raise malformed("Transfer-Encoding with Content-Length")
        raise BadHeadError(HTTPStatus.LENGTH_REQUIRED, "Transfer-Encoding")
    if find_values(fields, "expect"):
        raise BadHeadError(HTTPStatus.EXPECTATION_FAILED, "Expect")
    if not lengths:
        return 0
    if len(lengths) > 1 or not LENGTH.fullmatch(lengths[0]):
        raise malformed("Content-Length")
    return int(lengths[0])


def is_websocket_upgrade(method: str, fields: tuple[tuple[str, str], ...], length: int) -> bool:
    """Whether the connection is to become a WebSocket; to anything else it must not.

    ``Connection: upgrade`` without an Upgrade is no upgrade: nginx adds it to every request
    when it is set up as its manual says for WebSockets.
    """
    upgrades = find_values(fields, "upgrade")
    if not upgrades:
        return False
    if len(upgrades) > 1 or upgrades[0].lower() != "websocket":
        raise malformed("Upgrade")
    options = ",".join(find_values(fields, "connection")).lower().split(",")
    # A body could be taken for the first frames, or the first frames for a body.
    if method != "GET" or length or "upgrade" not in (option.strip() for option in options):
        raise malformed("WebSocket upgrade")
    return True


def find_values(fields: tuple[tuple[str, str], ...], name: str) -> tuple[str, ...]:
    """The values of the *fields* that are called *name*."""
    return tuple(value for field, value in fields if field == name)


def malformed(what: str) -> BadHeadError:
    """The error that says that *what* is not as it should be."""
    return BadHeadError(HTTPStatus.BAD_REQUEST, f"malformed: {what}")


def too_long() -> BadHeadError:
    """The error that says that there is more of a head than we read."""
    return BadHeadError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head too long")
