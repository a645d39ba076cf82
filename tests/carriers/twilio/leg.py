"""One call of the simulated Twilio as its parts see it: who, how it is, and its webhooks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.carriers.ledger import CallEntry
from tests.carriers.leg import CarrierLeg
from tests.carriers.services import Services
from tests.carriers.twilio.postman import TwilioPostman
from tests.carriers.twilio.wire import API_VERSION, SIP_CODES, render_time

ENDED = frozenset({"completed", "busy", "no-answer", "canceled", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A document that the customer is asked for."""

    url: str
    method: str = "POST"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """A document that came with a request."""

    twiml: str


Source: TypeAlias = Fetch | Inline


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the customer wants of a call; all times are in seconds."""

    from_: str
    to: str
    source: Source
    status_url: str = ""
    status_events: frozenset[str] = frozenset({"completed"})
    ring_s: float = 60.0
    limit_s: float = math.inf
    send_digits: str = ""
    detection: str = ""
    """Enable, or DetectMessageEnd, or nothing."""
    is_async_detection: bool = False
    detection_url: str = ""


class Leg(CarrierLeg):
    """The state of one call, and its way to the customer."""

    def __init__(
        self, services: Services, order: Order, entry: CallEntry, *, sequence: int = 0
    ) -> None:
        super().__init__(services, entry)
        self.order = order
        self.sid = entry.call
        self.postman = TwilioPostman(services, entry.call)
        self._sequence = sequence

    @property
    def has_ended(self) -> bool:
        """Whether its status is one of those that never change again."""
        return self.entry.status in ENDED

    def fields(self) -> dict[str, str]:
        """The parameters of every webhook that is about the call."""
        return {
            "AccountSid": self.services.account,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": self.entry.status,
            "Called": self.entry.to,
            "Caller": self.entry.from_,
            "CalledCity": "",  # blanks are signed as well
            "CallerCountry": "US",
            "Direction": self.entry.direction,
            "From": self.entry.from_,
            "To": self.entry.to,
        }

    def report_status(self, event: str) -> None:
        """Tell the customer that *event* has happened, if it wants to know."""
        if not self.order.status_url or event not in self.order.status_events:
            return
        fields = {
            **self.fields(),
            "Timestamp": render_time(self.services.unix_clock()),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
        }
        self._sequence += 1
        if event == "initiated":
            fields["CallStatus"] = "initiated"
        if event == "completed":
            fields["CallDuration"] = str(self.duration_s)
            fields["Duration"] = str(math.ceil(self.duration_s / 60))
            fields["SipResponseCode"] = SIP_CODES[self.entry.status]
        self.postman.report(event, self.order.status_url, fields)

    def report_detection(self, after_s: float) -> None:
        """Tell the customer who has answered."""
        fields = {
            "AccountSid": self.services.account,
            "CallSid": self.sid,
            "AnsweredBy": self.answered_by,
            "MachineDetectionDuration": str(round(1000 * after_s)),
        }
        if self.order.detection_url:
            self.postman.report("detected", self.order.detection_url, fields)
