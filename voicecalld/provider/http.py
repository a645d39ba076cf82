"""What goes between a carrier and us, as values: requests we ask for, webhooks we are sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request that somebody else will send to a carrier.

    Only one that ``is_repeatable`` may be sent again when nobody knows whether it has arrived.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # they hold secrets
    body: bytes = b""
    is_repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """What a carrier answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A request that a carrier made to us; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Our answer to a webhook."""

    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""
