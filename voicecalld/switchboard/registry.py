"""All living calls: place, accept, find, limit, drain."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
import trio

from voicecalld.call.events import EndReason, Placed, Rang
from voicecalld.call.record import CallRecord, CallState, Mode
from voicecalld.errors import (
    BadParameterError,
    CallEndedError,
    CallRefusedError,
    CarrierError,
    JournalError,
    NoSuchCallError,
    NotConnectedError,
    StoppingError,
    TooManyCallsError,
)
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import CarrierReport, CommandApi, Direction, PlaceOrder
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.leftovers import Leftovers
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.orders import build_order
from voicecalld.switchboard.preparing import hold
from voicecalld.switchboard.prompting import Reply, Spoken
from voicecalld.switchboard.services import CarrierAccess, Services

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an inbound call is not taken, in words for the operator."""

    reason: str


class Switchboard:
    """Where calls live. `run` owns the nursery that all of them are tasks of."""

    def __init__(self, services: Services, *, new_id: Callable[[], str]) -> None:
        self.services = services
        self.settings = services.settings
        self.new_id = new_id
        self.calls: dict[CallId, Call] = {}
        self.leftovers = Leftovers(services)
        self.is_accepting = True

    @property
    def live_count(self) -> int:
        """How many calls there are."""
        return len(self.calls)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Let calls live until cancelled; started once they can be placed.

        Raises:
            JournalError: what an earlier daemon has left open cannot be read or closed.
        """
        await self.leftovers.close_orphans()
        async with trio.open_nursery() as self.nursery:
            self.nursery.start_soon(hold, self.services, *self.services.standing_texts)
            task_status.started()
            await trio.sleep_forever()

    def close(self) -> None:
        """Take no new calls."""
        self.is_accepting = False

    async def wait_idle(self) -> None:
        """Wait until the calls that live now are over."""
        for call in tuple(self.calls.values()):
            await call.over.wait()

    async def end_all(self) -> None:
        """End the calls that live now, and wait until nothing of them is left."""
        async with trio.open_nursery() as nursery:
            for call in tuple(self.calls.values()):
                nursery.start_soon(call.end, EndReason.HANGUP_BOT)

    # --- outbound --------------------------------------------------------------------

    async def place(
        self,
        *,
        to: PhoneNumber | None,
        message: str,
        mode: Mode | None,
        idempotency_key: str | None,
        provider: str | None = None,
    ) -> CallId:
        """Place a call with *provider*, else that of the settings; gives its id once it is taken.

        A repetition of an *idempotency_key* gives the call that was placed before; while that is
        being placed, it waits for what comes of it. A key whose call was not placed is free.
        """
        number = to or self.settings.to_number
        if number is None:
            message = "to is missing, and the setting to_number is not set either"
            raise BadParameterError(message, parameter="to")
        if idempotency_key is not None:
            earlier = await self.find_for_key(idempotency_key)
            if earlier is not None:
                return earlier
        self.check_capacity()
        call = self.build_outbound(
            self.find_carrier(provider), number, message, mode, idempotency_key
        )
        self.nursery.start_soon(self.host, call)
        await call.placed.known.wait()
        if call.placed.error is not None:
            await call.over.wait()  # else the key would not be free when the refusal is told
        await call.placed.wait()
        await self.services.journal.settle()
        return call.notes.record.call_id

    async def find_for_key(self, idempotency_key: str) -> CallId | None:
        """The call that was placed for this key, if there is one, or may be about to be."""
        # A living call tells how it goes; the journal's record of it may be out of date.
        call = self.find_living_for_key(idempotency_key)
        if call is None:
            # What is not on disk yet would be overlooked, and the other party rung twice.
            await self.services.journal.settle()
            earlier = await self.services.journal.call_for_key(idempotency_key)
            call = self.find_living_for_key(idempotency_key)  # it may have begun meanwhile
            if call is None:
                return None if earlier is None else earlier.call_id
        await call.placed.wait()
        await self.services.journal.settle()
        return call.notes.record.call_id

    def find_living_for_key(self, idempotency_key: str) -> Call | None:
        """The living call that is placed for this key."""
        for call in self.calls.values():
            if call.notes.record.idempotency_key == idempotency_key:
                return call
        return None

    def check_capacity(self) -> None:
        """Refuse one call more than allowed."""
        if not self.is_accepting:
            raise StoppingError("the daemon is stopping and takes no new calls")
        limit = self.settings.limits.max_concurrent_calls
        if self.live_count >= limit:
            raise TooManyCallsError(f"all {limit} calls of limits.max_concurrent_calls are in use")

    def find_carrier(self, name: str | None) -> CarrierAccess:
        """The carrier called *name*, else that of the settings."""
        if name is None:
            return self.services.carrier
        carrier = self.services.carriers.get(name)
        if carrier is None:
            usable = ", ".join(sorted(self.services.carriers))
            message = f"provider is {name!r}; this daemon can use: {usable}"
            raise BadParameterError(message, parameter="provider")
        return carrier

    def build_outbound(
        self,
        carrier: CarrierAccess,
        to: PhoneNumber,
        message: str,
        mode: Mode | None,
        idempotency_key: str | None,
    ) -> Call:
        """A call that *carrier* is to place."""
        record = CallRecord(
            call_id=CallId(self.new_id()),
            provider=carrier.name,
            direction=Direction.OUTBOUND.value,
            mode=mode or Mode(self.settings.outbound.default_mode),
            state=CallState.INITIATED,
            from_number=self.settings.number_of(carrier.name),
            to_number=to,
            started_unix_s=self.services.unix_clock(),
            idempotency_key=idempotency_key,
        )
        order = build_order(self.services, carrier, record, message)
        return self.register(record, message, carrier, order)

    # --- inbound ---------------------------------------------------------------------

    async def accept(self, carrier: CarrierAccess, report: CarrierReport) -> Call | Refusal:
        """Take the call that *report* of *carrier* announces, if policy and limits allow it."""
        refusal = self.find_refusal(report)
        record = CallRecord(
            call_id=CallId(self.new_id()),
            provider=carrier.name,
            direction=Direction.INBOUND.value,
            mode=Mode.CONVERSATION,
            state=CallState.INITIATED,
            from_number=report.from_,
            to_number=report.to,
            started_unix_s=self.services.unix_clock(),
            provider_call_id=report.provider_call_id,
        )
        if refusal is not None:
            return await self.refuse(record, refusal)
        call = self.register(record, self.settings.inbound_greeting, carrier, None)
        self.nursery.start_soon(self.host, call)
        try:
            await call.begun.wait()
        except CallEndedError:  # a service that is needed for it does not work; it was logged
            return Refusal(reason="the call could not begin")
        await call.deliver(Placed(provider_call_id=report.provider_call_id))
        await call.deliver(Rang())
        return call

    def find_refusal(self, report: CarrierReport) -> Refusal | None:
        """Why the call is not to be taken, if so."""
        match self.settings.inbound_policy:
            case "disabled":
                return Refusal(reason="inbound_policy is disabled")
            case "allowlist" if report.from_ not in self.settings.allow_from:
                return Refusal(reason="the caller is not in allow_from")
            case _:
                pass
        try:
            self.check_capacity()
        except (StoppingError, TooManyCallsError) as error:
            return Refusal(reason=str(error))
        return None

    async def refuse(self, record: CallRecord, refusal: Refusal) -> Refusal:
        """Remember a call that was not taken."""
        call_id, provider = record.call_id, record.provider
        log.info("inbound call refused", provider=provider, call_id=call_id, reason=refusal.reason)
        notes = Notes(record, self.services.journal.post, self.services.unix_clock)
        notes.on_ended(EndReason.HANGUP_BOT, {"refused": refusal.reason})
        await self.services.journal.settle()
        return refusal

    # --- all -------------------------------------------------------------------------

    def register(
        self, record: CallRecord, opening: str, carrier: CarrierAccess, order: PlaceOrder | None
    ) -> Call:
        """Make a call of *carrier* known; from now on it counts."""
        leg = CarrierLeg(carrier, order)
        leg.call = record.provider_call_id
        leg.has_reported = leg.call is not None  # it has announced the call
        call = Call(record, opening, self.services, leg)
        self.calls[record.call_id] = call
        return call

    async def host(self, call: Call) -> None:
        """Let *call* live, once its beginning is on disk, and forget it when it is over."""
        try:
            call.notes.write("call.initiated")
            await self.services.journal.settle()
            await call.run()
        except JournalError as error:  # nothing that is not recorded may happen
            call.refuse(error)
            return
        finally:
            del self.calls[call.notes.record.call_id]
        await self.leftovers.see_through(call)

    def hang_up_stray(self, carrier: CarrierAccess, named: ProviderCallId) -> None:
        """Have *carrier* hang up a call of ours that is over here; nobody waits for it."""
        self.nursery.start_soon(self.leftovers.hang_up_stray, carrier, named)

    def reject(self, carrier: CarrierAccess, commands: CommandApi, named: ProviderCallId) -> None:
        """Have *carrier*, which takes *commands*, refuse a call; nobody waits for it."""
        self.nursery.start_soon(self.leftovers.reject, carrier, commands, named)

    def find(self, call_id: str) -> Call | None:
        """The living call that has this id, ours or the carrier's."""
        call = self.calls.get(CallId(call_id))
        if call is not None:
            return call
        named = (
            call for call in self.calls.values() if call.notes.record.provider_call_id == call_id
        )
        return next(named, None)

    async def find_connected(self, call_id: str) -> Call:
        """The living call that has this id and can be spoken on."""
        call = await self.find_living(call_id)
        if call.machine.is_connected:
            return call
        if call.machine.has_connected:
            raise NotConnectedError("the call's sound is interrupted")
        raise NotConnectedError("the call has not been answered yet")

    async def find_living(self, call_id: str) -> Call:
        """The living call that has this id."""
        call = self.find(call_id)
        if call is not None and not call.machine.is_over:
            return call
        record = await self.services.journal.call(call_id)
        if record is None and call is None:
            raise NoSuchCallError(f"no call has the id {call_id!r}")
        state = "ending" if record is None or call is not None else record.state
        raise CallEndedError(f"the call is over: {state}")

    async def continue_call(self, call_id: str, message: str) -> Reply:
        """Say *message* and wait for the other party's next words."""
        call = await self.find_connected(call_id)
        reply = await call.prompting.ask(message)
        await self.services.journal.settle()
        return reply

    async def speak(self, call_id: str, message: str) -> Spoken:
        """Say *message* and wait until it has been heard."""
        call = await self.find_connected(call_id)
        spoken = await call.prompting.speak(message)
        await self.services.journal.settle()
        return spoken

    async def press(self, call_id: str, digits: str) -> None:
        """Press keys towards the other party."""
        call = await self.find_connected(call_id)
        try:
            await call.press(digits)
        except CarrierError as error:
            raise CallRefusedError(str(error)) from error
        await self.services.journal.settle()

    async def end(self, call_id: str) -> None:
        """Hang up; a call that is over already stays over.

        Raises:
            CallRefusedError: the carrier did not confirm it; to be asked again, ask again.
            JournalError: the call is over, but that is not recorded.
        """
        call = self.find(call_id)
        unfinished = self.leftovers.find(call_id)
        if call is not None:
            await call.end(EndReason.HANGUP_BOT)
            call.ending.check()
        elif unfinished is not None:
            await self.leftovers.finish(unfinished)
            unfinished.ending.check()
        await self.services.journal.settle()
        if call is None and await self.services.journal.call(call_id) is None:
            raise NoSuchCallError(f"no call has the id {call_id!r}")
