"""One call of the simulated Telnyx as its parts see it: who, how it is, and its webhooks."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.carriers.ledger import CallEntry
from tests.carriers.leg import CarrierLeg
from tests.carriers.postman import Letter
from tests.carriers.services import Services
from tests.carriers.telnyx.postman import TelnyxPostman, render_event
from tests.carriers.telnyx.wire import render_time

# The events whose payload does not say who speaks with whom.
WITHOUT_NUMBERS = ("call.speak.", "call.transcription", "streaming.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTerms:
    """What the customer wants of a media stream; only with ``is_rtp`` its sound is heard."""

    url: str
    track: str
    is_rtp: bool
    auth_token: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the customer wants of a call; all times are in seconds."""

    from_: str
    to: str
    webhook_url: str
    client_state: str | None = None
    ring_s: float = 30.0
    limit_s: float = 14_400.0
    send_digits: str = ""
    detection: str = "disabled"
    stream: StreamTerms | None = None


class Leg(CarrierLeg):
    """The state of one call, and its way to the customer; ``account`` is the connection's id."""

    def __init__(
        self,
        services: Services,
        order: Order,
        entry: CallEntry,
        signing_key: Ed25519PrivateKey,
    ) -> None:
        super().__init__(services, entry)
        self.order = order
        self.leg_id = str(uuid.uuid4())
        self.session_id = str(uuid.uuid4())
        self.client_state = order.client_state
        self.webhook_url = order.webhook_url
        self._postman = TelnyxPostman(services, entry.call, signing_key)

    @property
    def is_incoming(self) -> bool:
        """Whether somebody calls the customer."""
        return self.entry.direction == "incoming"

    @property
    def has_ended(self) -> bool:
        """Whether nothing can become of it any more."""
        return self.ended_s is not None

    def ids(self) -> dict[str, str]:
        """Its three names."""
        return {
            "call_control_id": self.entry.call,
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
        }

    def start_time(self) -> str:
        """When it was placed."""
        return render_time(self.created_s)

    def report(self, event: str, **more: Any) -> None:
        """Tell the customer that *event* has happened, if it has said where."""
        if self.webhook_url:
            self._postman.post(self._write(event, more))

    def report_later(self, after_s: float, event: str, **more: Any) -> None:
        """Tell it *after_s* from now, even if the call is over then."""
        if not self.webhook_url:
            return
        self.services.ledger.reports_under_way += 1
        self.services.nursery.start_soon(self._post_later, after_s, self._write(event, more))

    async def _post_later(self, after_s: float, letter: Letter) -> None:
        await trio.sleep(after_s)
        self._postman.post(letter)
        self.services.ledger.reports_under_way -= 1

    def _write(self, event: str, more: Mapping[str, Any]) -> Letter:
        numbers = {"from": self.entry.from_, "to": self.entry.to}
        payload = {
            **self.ids(),
            "connection_id": self.services.account,
            "client_state": self.client_state,
            **({} if event.startswith(WITHOUT_NUMBERS) else numbers),
            **more,
        }
        event_id = str(uuid.uuid4())
        return Letter(
            event=event,
            method="POST",
            url=self.webhook_url,
            fields=payload,
            body=render_event(event, event_id, self.services.unix_clock(), payload),
            token=event_id,
        )
