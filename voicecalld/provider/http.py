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
    """What a carrier answered.

    With ``follows_doubt`` the request was sent before, and may have been obeyed then: a refusal
    refuses only that it is obeyed again.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    follows_doubt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A request that a carrier made to us; header names are in lower case.

    ``client`` is the address that it came from, for the log alone; empty if that is not known.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    client: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Our answer to a webhook."""

    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""
