"""What every call of a simulated carrier shares."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import trio

from tests.carriers.faults import Faults
from tests.carriers.ledger import Ledger
from tests.carriers.outside import Outside
from voicecalld.net.wheel import Wheel
from voicecalld.speech.base import Synthesizer


@dataclass(slots=True, kw_only=True)
class Services:
    """Parts that are made once; ``nursery`` outlives every call, as its webhooks do.

    ``account`` and ``secret`` are the customer's name and password at the carrier. ``own`` are
    those of calls from or to a number on which other things go wrong than on the rest.
    """

    account: str
    secret: str
    outside: Outside
    faults: Faults
    voice: Synthesizer
    ledger: Ledger
    wheel: Wheel
    nursery: trio.Nursery
    unix_clock: Callable[[], float]
    streams_opened: int = 0
    replies_lost: int = 0
    own: dict[str, "Services"] = field(default_factory=dict)

    def of_call(self, *numbers: str) -> "Services":
        """The parts of a call between *numbers*."""
        return next((self.own[number] for number in numbers if number in self.own), self)

    def spoil(self, number: str, faults: Faults) -> None:
        """Let *faults* happen from now on to the calls of *number*, and to no others."""
        if number in self.own:
            self.own[number].faults = faults
        else:
            self.own[number] = replace(self, faults=faults, streams_opened=0, replies_lost=0)


def utc_clock() -> float:
    """Seconds since 1970."""
    return datetime.now(UTC).timestamp()
