"""One request to the webhooks' door, as bytes that anybody may have put together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

PUBLIC_HOST = "calls.example.test"
PATH = "/voice/webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request; *headers* may have a name twice, and their values any bytes."""

    headers: tuple[tuple[str, bytes], ...]
    body: bytes
    query: str = ""
    path: str = PATH
    method: str = "POST"
    host: str = PUBLIC_HOST

    def value(self, name: str) -> bytes:
        """The value of the header *name*, which is there once."""
        (value,) = (value for header, value in self.headers if header == name)
        return value

    def with_header(self, name: str, *values: bytes) -> "Message":
        """The message with these *values* of a header, in place of those it has."""
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, *((name, value) for value in values)))

    def with_headers(self, headers: Mapping[str, str]) -> "Message":
        """The message with these headers, in place of those of the same names."""
        changed = self
        for name, value in headers.items():
            changed = changed.with_header(name, value.encode())
        return changed

    def render(self) -> bytes:
        """What is sent."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        lines = [f"{self.method} {target} HTTP/1.1\r\nhost: {self.host}\r\n".encode()]
        lines += [name.encode() + b": " + value + b"\r\n" for name, value in self.headers]
        lines.append(b"content-length: %d\r\n\r\n" % len(self.body))
        return b"".join(lines) + self.body
