"""The end of a call, step by step: hung up at the carrier, written down, safe on disk.

A step that fails keeps no other from being done, and may be tried again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import structlog
import trio

from voicecalld.call.events import EndReason
from voicecalld.call.record import Json
from voicecalld.errors import CallRefusedError, CarrierError, JournalError, ServiceError
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.services import JournalDoor

log: Final = structlog.get_logger()

# For the disk, when nothing can be answered as done any more.
SETTLE_S = 5.0

# A carrier may quote a document to say why it refuses a call.
LONGEST_CAUSE = 300


@contextmanager
def surviving(complaint: str) -> Iterator[None]:
    """Log *complaint* instead of raising, so that what comes afterwards is done all the same."""
    try:
        yield
    except (CarrierError, JournalError) as error:
        log.warning(complaint, reason=str(error))
    except Exception:  # a bug in one step of one call must not end the others
        log.exception(complaint)


@contextmanager
def ending_call(give_up: Callable[[str], None]) -> Iterator[None]:
    """Raise no fault of any part of a call, but *give_up* the call for it, and nothing else."""
    try:
        yield
    except* ServiceError as errors:  # most often one that could not be opened
        cause = reason_of(errors)
        log.warning("call cannot go on", reason=cause)
        give_up(cause)
    except* Exception:  # a bug
        log.exception("call failed")
        give_up("")


def reason_of(error: BaseException) -> str:
    """The words of *error*, or of the first one of a group."""
    return reason_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else str(error)


class Ending:
    """What is to be done when one call is over, and how far that has got."""

    def __init__(
        self,
        notes: Notes,
        carrier: CarrierLeg,
        journal: JournalDoor,
        details: Mapping[str, Json] | None = None,
    ) -> None:
        self.notes = notes
        self.carrier = carrier
        self.journal = journal
        self.reason = EndReason.ERROR
        self.details = details or {}
        self.is_hung_up = False  # for certain
        self.is_recorded = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be done."""
        return self.is_hung_up and self.is_recorded

    async def complete(self, reason: EndReason, *, carrier_knows: bool, cause: str = "") -> None:
        """Do everything, for a call that is over by *reason*; never raises, and is bounded."""
        self.reason = reason
        cause = (cause or self.carrier.explain_silence())[:LONGEST_CAUSE]
        if cause:
            self.details = {**self.details, "cause": cause}
        self.is_hung_up = carrier_knows
        await self.hang_up()
        self.record()
        await self.settle()
        provider, known = self.notes.record.provider, {"cause": cause} if cause else {}
        log.info("call over", provider=provider, reason=reason.value, **known)

    async def hang_up(self) -> None:
        """Have the carrier end the call, unless it has."""
        if self.is_hung_up:
            return
        with surviving("carrier did not hang up"):
            await self.carrier.hang_up()
            self.is_hung_up = True

    def record(self) -> None:
        """Write that the call is over, unless that is written."""
        if self.is_recorded:
            return
        doubt = {} if self.is_hung_up else {"hangup": "unconfirmed"}
        with surviving("end of call not recorded"):
            if self.carrier.call is not None:
                self.notes.on_placed(self.carrier.call)
            self.notes.on_ended(self.reason, {**self.details, **doubt})
            self.is_recorded = True

    async def settle(self) -> None:
        """Wait until the end is on disk, or long enough."""
        with surviving("end of call not recorded"), trio.move_on_after(SETTLE_S):
            await self.journal.settle()

    async def try_again(self) -> None:
        """Do what could not be done before."""
        await self.hang_up()
        self.record()

    def check(self) -> None:
        """Raise if something is left to be done.

        Raises:
            CallRefusedError: the carrier has not said that the call is hung up.
            JournalError: the journal would not take the end of the call.
        """
        if not self.is_hung_up:
            raise CallRefusedError("the carrier did not confirm that it has hung up")
        if not self.is_recorded:
            raise JournalError("the end of the call could not be recorded yet")
