"""The carriers' door: webhooks are checked, obeyed once, answered; streams find their call.

The order is always the same: is it genuine, was it seen before, what does it say, is it on disk;
only then is it answered. Who carries the bytes (HTTP, WebSocket, memory) is not known here.
"""

from collections.abc import Callable, Sequence
from typing import Final

import structlog
import trio

from voicecalld.call.events import HungUp, Placed
from voicecalld.errors import BadMessageError, BadSignatureError, JournalError
from voicecalld.ids import ProviderCallId
from voicecalld.net.message_stream import POLICY_VIOLATION, MessageStream
from voicecalld.net.noise import Noise
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    CarrierReport,
    Direction,
    HangUpCall,
    RejectCall,
)
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.stream import MediaCodec, StreamOpened
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.media_pump import Line
from voicecalld.switchboard.outcome import Outcome
from voicecalld.switchboard.proof import Proof
from voicecalld.switchboard.registry import Refusal, Switchboard
from voicecalld.switchboard.services import CarrierAccess

log: Final = structlog.get_logger()

# Longer than any signature stays valid; Twilio's have no time in them at all.
REPLAY_WINDOW_S = 24 * 3600.0

UNAUTHORIZED = Reply(status=401, body=b"Unauthorized")
FAILED = Reply(status=500, body=b"Internal Server Error")
MALFORMED = Reply(status=400, body=b"Bad Request")


def ignore() -> None:
    """For whoever need not know that a stream has started."""


class Reception:
    """The door of one carrier."""

    def __init__(
        self, switchboard: Switchboard, carrier: CarrierAccess, *, unix_clock: Callable[[], float]
    ) -> None:
        self.switchboard = switchboard
        self.carrier = carrier
        self.provider = carrier.provider
        self.settings = switchboard.settings
        self.services = switchboard.services
        self.unix_clock = unix_clock
        self.proof = Proof(self.provider, self.settings)
        self.being_answered: dict[str, Outcome[Reply]] = {}
        # Calls that have been announced and not taken yet, with their ends if those were told.
        self.announced: dict[ProviderCallId, HungUp | None] = {}
        self.noise = Noise(trio.current_time)

    def tell(self, refusal: str, reason: str, client: str, url: str = "") -> None:
        """Log a *refusal* of what anybody can send, now and then; *reason* is words of ours.

        *client* is the latest example of those who were refused for it, and *url*, if that may
        be the reason, where that one is assumed to have called.
        """
        count = self.noise.count(f"{refusal}: {reason}")
        if count:
            name, assumed = self.provider.name, {"assumed_url": url} if url else {}
            log.warning(refusal, provider=name, reason=reason, count=count, peer=client, **assumed)

    # --- webhooks ----------------------------------------------------------------------

    def refuse(self, reason: str, client: str, url: str = "") -> Reply:
        """Refuse a webhook of *client*, and `tell` why; gives its answer."""
        self.carrier.refusals.note(reason)
        self.tell("webhook refused", reason, client, url)
        return UNAUTHORIZED

    async def receive_webhook(self, webhook: Webhook, peer: str = "") -> Reply:
        """Obey *webhook*, which came from the address *peer*, once; gives its answer.

        It is obeyed to the end also when the carrier does not wait for the answer.
        """
        unix_s = self.unix_clock()
        try:
            key = self.proof.prove(webhook, peer, unix_s)
        except BadSignatureError as error:
            return self.refuse(str(error), webhook.client, error.url)
        reply = self.being_answered.get(key)
        if reply is None:
            reply = Outcome[Reply]()
            self.switchboard.nursery.start_soon(self.answer_webhook, key, webhook, unix_s, reply)
            self.being_answered[key] = reply
        return await reply.wait()

    async def answer_webhook(
        self, key: str, webhook: Webhook, unix_s: float, reply: Outcome[Reply]
    ) -> None:
        """Answer a genuine webhook as it was answered before, or else obey it."""
        answer = FAILED
        try:
            earlier = await self.services.journal.recall(key, unix_s - REPLAY_WINDOW_S)
            answer = earlier or await self.obey_webhook(key, webhook, unix_s)
        except BadMessageError as error:
            log.warning("webhook malformed", provider=self.provider.name, reason=str(error))
            answer = MALFORMED
        except JournalError as error:  # it was not remembered: the carrier may try again
            log.warning("webhook not recorded", provider=self.provider.name, reason=str(error))
        except Exception:  # a bug fails this webhook, and nothing else
            log.exception("webhook failed", provider=self.provider.name)
        finally:
            del self.being_answered[key]
            reply.succeed(answer)

    async def obey_webhook(self, key: str, webhook: Webhook, unix_s: float) -> Reply:
        """Do what *webhook* says, and remember the answer to it.

        Raises:
            BadMessageError: it is malformed.
            JournalError: nothing of it is on disk.
        """
        answer: Answer = Acknowledge()
        for report in self.provider.parse(webhook):
            answer = self.tell_by_command(report, await self.obey(report))
        reply = self.provider.answer(answer)
        self.services.journal.remember(key, reply, unix_s)
        await self.services.journal.settle()
        return reply

    async def obey(self, report: CarrierReport) -> Answer:
        """Let the call know what has happened to it; gives what the carrier is to do."""
        call = self.find(report)
        if call is None and is_announcement(report):
            is_known, ended = await self.look_up(report.provider_call_id)
            call = self.find(report)  # it may have been announced twice at the same moment
            if call is None:
                return RejectCall() if is_known else await self.accept(report, ended)
        if call is None:
            return self.turn_away(report)
        call.learn_provider_id(report.provider_call_id, report.placed_as)
        if report.event is not None:
            await call.deliver(report.event)
        if report.performed is not None:
            await call.take_performed(report.performed)
        return await self.find_answer(call, report)

    async def find_answer(self, call: Call, report: CarrierReport) -> Answer:
        """What the carrier is to do, now that *call* knows of *report*."""
        if call.conductor is not None:
            call.conductor.on_report(report)
        if not report.asks or call.conductor is not None:
            return Acknowledge()
        return await call.next_answer(report.performed.turn if report.performed else "")

    def find(self, report: CarrierReport) -> Call | None:
        """The living call that *report* is about; a carrier can speak of none but its own."""
        call = self.switchboard.find(report.call_id or report.provider_call_id)
        if call is None or call.notes.record.provider != self.provider.name:
            return None
        # Dialled twice, if nobody knew whether the first time had counted: only one is ours.
        names = (None, report.provider_call_id, report.placed_as)
        return call if call.notes.record.provider_call_id in names else None

    async def look_up(self, named: ProviderCallId) -> tuple[bool, HungUp | None]:
        """Whether the call *named* was here before, and its end if that is told meanwhile."""
        self.announced.setdefault(named, None)
        try:
            # The journal forgets no call, but in a day how its first webhook was answered.
            earlier = await self.services.journal.call(named)
            return earlier is not None, self.announced.get(named)
        finally:
            self.announced.pop(named, None)

    async def accept(self, report: CarrierReport, ended: HungUp | None) -> Answer:
        """Take a call that somebody places to us, if it may be taken; *ended* is its end."""
        accepted = await self.switchboard.accept(self.carrier, report)
        if isinstance(accepted, Refusal):
            return RejectCall()
        if ended is not None:
            await accepted.deliver(ended)
        return await self.find_answer(accepted, report)

    def turn_away(self, report: CarrierReport) -> Answer:
        """Let a call that does not live here come to its end at the carrier as well."""
        if isinstance(report.event, HungUp) and not report.event.by_us:
            if report.provider_call_id in self.announced:
                self.announced[report.provider_call_id] = report.event
            return Acknowledge()
        if report.progress is not None:  # late news: all of it is sent behind the end as well
            return Acknowledge()
        if report.asks:
            return HangUpCall()
        if report.call_id is not None:
            self.switchboard.hang_up_stray(self.carrier, report.provider_call_id)
        return Acknowledge()

    def tell_by_command(self, report: CarrierReport, answer: Answer) -> Answer:
        """Tell *answer* to a carrier that takes commands, if no conductor does; it reads none."""
        commands = self.provider.commands
        if commands is None:
            return answer
        match answer:
            case RejectCall():
                self.switchboard.reject(self.carrier, commands, report.provider_call_id)
            case HangUpCall():
                self.switchboard.hang_up_stray(self.carrier, report.provider_call_id)
            case _:
                pass  # nothing else is answered where there is no call
        return Acknowledge()

    # --- streams -----------------------------------------------------------------------

    def welcomes(self, upgrade: Webhook, peer: str) -> bool:
        """Whether a stream may be opened by *upgrade*, which came from the address *peer*.

        It must prove to be the carrier's where webhooks must; whose it is, its start will say.
        """
        if self.proof.is_needless(peer):
            return True
        try:
            self.provider.check_upgrade(upgrade)
            token = self.provider.find_token(upgrade)
            if token:
                self.services.tokens.check(self.provider.name, token)
        except BadSignatureError as error:
            self.tell("stream refused", str(error), upgrade.client, error.url)
            return False
        return True

    async def serve_stream(
        self,
        stream: MessageStream,
        started: Callable[[], None] = ignore,
        upgrade: Webhook | None = None,
    ) -> None:
        """Serve one media stream, which *upgrade* has opened, from its first message to its end.

        *started* is called when it has proved whose it is.
        """
        codec = self.provider.open_codec(upgrade)
        client = "" if upgrade is None else upgrade.client
        try:
            with trio.fail_after(self.settings.streaming.pre_start_timeout_ms / 1000):
                opened, following = await self.read_start(stream, codec)
            call = self.admit(opened)
            started()
            await call.carry(Line(stream=stream, codec=codec, following=following), opened)
            stream.close()
        except (BadMessageError, BadSignatureError) as error:
            self.tell("stream refused", str(error), client)
        except trio.TooSlowError:
            self.tell("stream refused", "no start in time", client)
        finally:
            stream.close(POLICY_VIOLATION)  # no effect on one that was closed before

    async def read_start(
        self, stream: MessageStream, codec: MediaCodec
    ) -> tuple[StreamOpened, Sequence[str]]:
        """The message that says whose audio this is, and those that came right behind it."""
        while messages := await stream.receive():
            for number, message in enumerate(messages):
                event = codec.decode(message)
                if isinstance(event, StreamOpened):
                    return event, messages[number + 1 :]
                if event is not None:
                    raise BadMessageError("the stream does not begin with its start")
        raise BadMessageError("the stream ended before its start")

    def admit(self, opened: StreamOpened) -> Call:
        """The living call that the stream proves to belong to."""
        call_id = self.services.tokens.redeem(self.provider.name, opened.token)
        call = self.switchboard.find(call_id)
        if call is None or call.machine.is_over:
            raise BadSignatureError("the call of this stream is over")
        if call.notes.record.provider_call_id not in (None, opened.provider_call_id):
            raise BadSignatureError("the stream names another call than its token")
        call.learn_provider_id(opened.provider_call_id)
        return call


def is_announcement(report: CarrierReport) -> bool:
    """Whether *report* is the first word of a call that somebody places to us."""
    return (
        report.direction is Direction.INBOUND
        and isinstance(report.event, Placed)
        and report.asks
        and report.call_id is None
    )
