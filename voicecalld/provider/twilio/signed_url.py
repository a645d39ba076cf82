"""The forms in which Twilio may have signed one and the same URL: with its port and without.

The URL is taken apart by hand, because `urllib.parse` would repair it, and what has been repaired
is no longer what was signed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from voicecalld.errors import BadSignatureError

# The second one for wss is a quirk of Twilio's own libraries: they add 80 to all but https. Only
# who has the secret can sign that, so nothing is lost by taking it.
DEFAULT_PORTS: Mapping[str, tuple[str, ...]] = {
    "https": ("443",),
    "http": ("80",),
    "wss": ("443", "80"),
    "ws": ("80",),
}

URL = re.compile(
    r"(?P<scheme>https?|wss?)://"
    r"(?P<host>(?:[^/?#@\[\]]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^/?#@:\[\]]+))"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[^?#]*)?)(?P<query>(?:\?[^#]*)?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUrl:
    """A URL in its parts; ``host`` holds the user and password before it, if there are any."""

    scheme: str
    host: str
    port: str
    path: str
    query: str

    def variants(self) -> tuple[str, ...]:
        """The forms that may have been signed: without a port, with ours or the default."""
        ports = (self.port,) if self.port else DEFAULT_PORTS[self.scheme]
        return (self.without_port(), *(self.with_port(port) for port in ports))

    def without_port(self) -> str:
        """The URL without its port."""
        return f"{self.scheme}://{self.host}{self.path}{self.query}"

    def with_port(self, port: str) -> str:
        """The URL with *port*."""
        return f"{self.scheme}://{self.host}:{port}{self.path}{self.query}"

    def with_other_slash(self) -> "SignedUrl":
        """The URL with a slash at the end of its path if it has none, and without if it has."""
        path = self.path[:-1] if self.path.endswith("/") else f"{self.path}/"
        return replace(self, path=path)


def parse_signed_url(url: str) -> SignedUrl:
    """The parts of *url*.

    Raises:
        BadSignatureError: it is no URL that could have been signed.
    """
    parts = URL.fullmatch(url) if url.isascii() else None
    if parts is None:
        raise BadSignatureError("its URL is not one that Twilio can have signed")
    return SignedUrl(
        scheme=parts["scheme"],
        host=parts["host"],
        port=parts["port"] or "",
        path=parts["path"],
        query=parts["query"],
    )
