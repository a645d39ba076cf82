"""Calls that are over for us, while the carrier or the journal does not know it yet."""

from contextlib import suppress
from typing import Final

import structlog
import trio

from voicecalld.call.record import CallRecord, CallState
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import CommandApi, Direction
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.carrier_leg import CarrierLeg, LegOverError
from voicecalld.switchboard.ending import Ending, surviving
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.services import CarrierAccess, Services

log: Final = structlog.get_logger()

# For the carrier to hang up what an earlier daemon has left. The daemon starts no later.
ORPHAN_S = 5.0

# Between two tries to write an end that the journal has refused because it was full.
REWRITE_S = 5.0

# Only a carrier that is out of order for hours leaves so many; the oldest are over by themselves.
MAX_UNFINISHED = 100


class Leftovers:
    """What is left of calls that do not live here any more."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.unfinished: dict[CallId, Call] = {}
        self.rewriting: dict[CallId, trio.CancelScope] = {}
        self.strays: set[ProviderCallId] = set()

    # --- of calls that ended here ----------------------------------------------------

    async def see_through(self, call: Call) -> None:
        """Write the end of *call* as soon as the journal takes it; `end` may ask for the rest."""
        if call.ending.is_complete:
            return
        while len(self.unfinished) >= MAX_UNFINISHED:
            self.give_up(next(iter(self.unfinished)))
        call_id = call.notes.record.call_id
        self.unfinished[call_id] = call
        with trio.CancelScope() as self.rewriting[call_id]:
            while not call.ending.is_recorded:
                await trio.sleep(REWRITE_S)
                call.ending.record()
        self.rewriting.pop(call_id, None)
        self.forget_finished()

    def give_up(self, call_id: CallId) -> None:
        """Forget an unfinished call, and whoever waits to write its end."""
        log.warning("unfinished call given up", call_id=call_id)
        del self.unfinished[call_id]
        rewriting = self.rewriting.pop(call_id, None)
        if rewriting is not None:
            rewriting.cancel()

    def find(self, call_id: str) -> Call | None:
        """The unfinished call that has this id, ours or the carrier's."""
        for call in self.unfinished.values():
            if call_id in (call.notes.record.call_id, call.notes.record.provider_call_id):
                return call
        return None

    async def finish(self, call: Call) -> None:
        """Try again to hang *call* up and to write its end."""
        await call.ending.try_again()
        self.forget_finished()

    def forget_finished(self) -> None:
        """Keep only those of which something is left to be done."""
        self.unfinished = {
            call_id: call
            for call_id, call in self.unfinished.items()
            if not call.ending.is_complete
        }

    # --- of calls that did not -------------------------------------------------------

    async def hang_up_stray(self, carrier: CarrierAccess, named: ProviderCallId) -> None:
        """Hang up a call that lives at *carrier* alone; never raises."""
        if named in self.strays:
            return
        self.strays.add(named)
        log.warning("call hung up that is over here")
        leg = build_leg(carrier, named)
        leg.has_reported = True
        with surviving("carrier did not hang up"):
            await leg.hang_up()
        self.strays.discard(named)

    async def reject(
        self, carrier: CarrierAccess, commands: CommandApi, named: ProviderCallId
    ) -> None:
        """Refuse a call that was not taken; never raises."""
        with surviving("carrier did not refuse the call"), suppress(LegOverError):
            await build_leg(carrier, named).change(commands.reject(named), "the refusal")

    async def close_orphans(self) -> None:
        """End the calls that were open when the daemon last ended without warning.

        They are hung up if the carrier has named them, all at once and within `ORPHAN_S`; what
        goes wrong with that is logged, and noted in the call's end.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        records = await self.services.journal.open_calls()
        if records:
            log.warning(
                "calls closed that were open when the daemon last ended",
                calls=len(records),
                call_ids=[record.call_id for record in records],
            )
        async with trio.open_nursery() as nursery:
            for record in records:
                nursery.start_soon(self.close_orphan, record)
        await self.services.journal.settle()

    async def close_orphan(self, record: CallRecord) -> None:
        """Hang up the call of *record*, and write that it is over."""
        services = self.services
        carrier = services.carriers.get(record.provider)  # it may not be used any more
        named = record.provider_call_id if carrier is not None else None
        leg = build_leg(carrier or services.carrier, named)
        leg.is_dial_unanswered = leg.call is None  # if it was named, we do not know the name
        leg.has_reported = was_reported(record)
        notes = Notes(record, services.journal.post, services.unix_clock)
        cause = {"cause": "the daemon had ended"}
        ending = Ending(notes, leg, services.journal, cause)
        with structlog.contextvars.bound_contextvars(call_id=record.call_id):
            with trio.move_on_after(ORPHAN_S):
                await ending.hang_up()
            ending.record()


def build_leg(carrier: CarrierAccess, named: ProviderCallId | None) -> CarrierLeg:
    """The end at *carrier* of a call that it calls *named*."""
    leg = CarrierLeg(carrier, None)
    leg.call = named
    return leg


def was_reported(record: CallRecord) -> bool:
    """Whether the carrier has told of the call of *record* itself, not only of its order."""
    return record.direction == Direction.INBOUND or record.state is not CallState.INITIATED
