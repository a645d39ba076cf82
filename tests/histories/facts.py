"""What came to our side in the course of a history, with its time: what a model judges by."""

from dataclasses import dataclass
from enum import StrEnum

from tests.histories.history import News
from voicecalld.call.events import EndReason


class Kind(StrEnum):
    """What can come to our side, and what is only true at the carrier."""

    DIALLED = "we began to dial"
    NAMED = "the answer to the dial named the call"
    REFUSED = "the answer to the dial says that there is no call"
    UNKNOWN = "the answer to the dial was lost"
    NEWS = "a genuine webhook, for the first time"
    CONNECTED = "a genuine media stream"
    DISCONNECTED = "the carrier has closed the stream"
    OPERATOR = "the operator hangs up"
    GONE = "the call is over at the carrier"
    HUNG_UP = "the call is over at the carrier because we said so"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something at *at_s*; of a webhook what it tells, with ``reason`` if it tells an end."""

    at_s: float
    kind: Kind
    news: News | None = None
    reason: EndReason | None = None
    asks: bool = False
