"""One call of the simulated Plivo as its parts see it: who, how it is, and its webhooks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import trio

from tests.carriers.ledger import CallEntry
from tests.carriers.leg import CarrierLeg
from tests.carriers.plivo.endings import Ending
from tests.carriers.plivo.postman import PlivoPostman
from tests.carriers.plivo.signer import Signer
from tests.carriers.plivo.wire import render_number, render_time
from tests.carriers.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A document that the customer is asked for."""

    url: str
    method: str = "POST"
    event: str = "Redirect"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a report goes; nowhere without a URL."""

    url: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the customer wants of a call; all times are in seconds."""

    from_: str
    to: str
    source: Fetch
    ring: Target = Target()
    hangup: Target = Target()
    ring_s: float = 120.0
    limit_s: float = 14_400.0
    send_digits: str = ""
    caller_name: str = ""
    detection: str = ""
    """``true``, or ``hangup``, or nothing."""
    detected: Target = Target()
    """With a URL, who has answered is found out while the call goes on."""


class Leg(CarrierLeg):
    """The state of one call, and its way to the customer.

    ``request_uuid`` names the order to place it. ``background`` lives as long as the conversation,
    and ``outcome`` is what the documents have made of it so far.
    """

    def __init__(
        self,
        services: Services,
        signer: Signer,
        order: Order,
        entry: CallEntry,
        *,
        request_uuid: str = "",
    ) -> None:
        super().__init__(services, entry)
        self.order = order
        self.uuid = entry.call
        self.request_uuid = request_uuid
        self.signer = signer
        self.postman = PlivoPostman(services, entry.call, signer)
        self.background: trio.Nursery | None = None
        self.outcome = "end-of-document"
        self.ending: Ending | None = None

    @property
    def talk(self) -> trio.Nursery:
        """Where something may go on while the documents do."""
        assert self.background is not None
        return self.background

    @property
    def is_live(self) -> bool:
        """Whether it rings, or somebody has answered; one that is queued is not."""
        return self.ending is None and self.entry.status != "queued"

    @property
    def hangup_source(self) -> str:
        """Who has ended the call."""
        assert self.ending is not None
        other = "Caller" if self.entry.direction == "inbound" else "Callee"
        return self.ending.source or other

    @property
    def billed_s(self) -> int:
        """Whole minutes, in seconds."""
        return 60 * math.ceil(self.duration_s / 60)

    def fields(self, event: str) -> dict[str, str]:
        """The parameters of every webhook that is about the call."""
        common = {
            "CallUUID": self.uuid,
            "From": render_number(self.entry.from_),
            "To": render_number(self.entry.to),
            "CallStatus": self.entry.status,
            "Direction": self.entry.direction,
            "ParentAuthID": self.services.account,
            "BillRate": "0.0055",
            "SessionStart": f"{render_time(self.created_s)}.123456",
            "Event": event,
        }
        if self.entry.direction == "inbound":
            return {**common, "CallerName": self.entry.from_, "ForwardedFrom": ""}
        return {
            **common,
            "ALegUUID": self.uuid,
            "ALegRequestUUID": self.request_uuid,
            "RequestUUID": self.request_uuid,
        }

    def report(self, event: str, target: Target, fields: Mapping[str, str]) -> None:
        """Tell the customer something about the call, if it wants to know."""
        if target.url:
            self.postman.report(event, target.url, fields, method=target.method)

    def report_ring(self) -> None:
        """Tell the customer that the callee's telephone rings."""
        self.report("Ring", self.order.ring, self.fields("Ring"))

    def finish(self, ending: Ending) -> None:
        """Let the call be over, and tell the customer that, how and when."""
        self.ending = ending
        self.change(ending.status)
        fields = {
            **self.fields("Hangup"),
            "Duration": str(self.duration_s),
            "BillDuration": str(self.billed_s),
            "TotalCost": f"{self.billed_s / 60 * 0.0055:.5f}",
            "HangupCause": ending.cause,
            "HangupCauseName": ending.name,
            "HangupCauseCode": str(ending.code),
            "HangupSource": self.hangup_source,
            "StartTime": render_time(self.created_s),
            "AnswerTime": render_time(self.answered_s),
            "EndTime": render_time(self.ended_s),
        }
        self.report("Hangup", self.order.hangup, fields)

    def report_machine(self) -> None:
        """Tell the customer that a machine has answered."""
        if_machine = "hangup" if self.order.detection == "hangup" else "continue"
        fields = {**self.fields("MachineDetection"), "Machine": "true", "IfMachine": if_machine}
        self.report("detected", self.order.detected, fields)
