"""The carriers' door: webhooks are checked, obeyed once, answered; streams find their call.

The order is always the same: is it genuine, was it seen before, what does it say, is it on disk;
only then is it answered. Who carries the bytes (HTTP, WebSocket, memory) is not known here.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import structlog
import trio

from voicecalld.call.events import HungUp, Placed
from voicecalld.edge_settings import is_loopback
from voicecalld.errors import BadMessageError, BadSignatureError, JournalError
from voicecalld.net.message_stream import POLICY_VIOLATION, MessageStream
from voicecalld.net.noise import Noise
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    CarrierReport,
    Direction,
    HangUpCall,
    MediaCodec,
    Provider,
    RejectCall,
    StreamOpened,
)
from voicecalld.provider.http import Reply, Webhook
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.media_pump import Line
from voicecalld.switchboard.outcome import Outcome
from voicecalld.switchboard.registry import Refusal, Switchboard

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
        self, switchboard: Switchboard, provider: Provider, *, unix_clock: Callable[[], float]
    ) -> None:
        self.switchboard = switchboard
        self.provider = provider
        self.settings = switchboard.settings
        self.services = switchboard.services
        self.unix_clock = unix_clock
        self.being_answered: dict[str, Outcome[Reply]] = {}
        self.noise = Noise(trio.current_time)

    def tell(self, refusal: str, reason: str) -> None:
        """Log a *refusal* of what anybody can send, now and then; *reason* is words of ours."""
        count = self.noise.count(f"{refusal}: {reason}")
        if count:
            log.warning(refusal, provider=self.provider.name, reason=reason, count=count)

    # --- webhooks ----------------------------------------------------------------------

    async def receive_webhook(self, webhook: Webhook, peer: str = "") -> Reply:
        """Obey *webhook*, which came from the address *peer*, once; gives its answer.

        It is obeyed to the end also when the carrier does not wait for the answer.
        """
        unix_s = self.unix_clock()
        try:
            key = self.prove(webhook, peer, unix_s)
        except BadSignatureError as error:
            self.tell("webhook refused", str(error))
            return UNAUTHORIZED
        reply = self.being_answered.get(key)
        if reply is None:
            reply = Outcome[Reply]()
            self.switchboard.nursery.start_soon(self.answer_webhook, key, webhook, unix_s, reply)
            self.being_answered[key] = reply
        return await reply.wait()

    def prove(self, webhook: Webhook, peer: str, unix_s: float) -> str:
        """The replay key of *webhook*, if it is genuine or need not be.

        Raises:
            BadSignatureError: it is not genuine.
        """
        if self.settings.skip_signature_verification:
            return unproven_key(webhook)
        try:
            return self.provider.verify(webhook, unix_s)
        except BadSignatureError as error:
            if not self.lets_in_unproven(peer):
                raise
            log.warning(
                "webhook obeyed without proof: "
                "tunnel.allow_ngrok_free_tier_loopback_bypass is on, for trying things out only",
                provider=self.provider.name,
                reason=str(error),
            )
            return unproven_key(webhook)

    def lets_in_unproven(self, peer: str) -> bool:
        """Whether what *peer* sends may do without a signature: ngrok's agent brought it."""
        tunnel, bind = self.settings.tunnel, self.settings.serve.bind
        return (
            tunnel.allow_ngrok_free_tier_loopback_bypass
            and tunnel.provider == "ngrok"
            and self.provider.name == "twilio"
            and is_loopback(bind)
            and is_loopback(peer)
        )

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
            answer = await self.obey(report)
        reply = self.provider.answer(answer)
        self.services.journal.remember(key, reply, unix_s)
        await self.services.journal.settle()
        return reply

    async def obey(self, report: CarrierReport) -> Answer:
        """Let the call know what has happened to it; gives what the carrier is to do."""
        call = self.find(report)
        if call is None and is_announcement(report):
            # The journal forgets no call, but in a day how its first webhook was answered.
            earlier = await self.services.journal.call(report.provider_call_id)
            call = self.find(report)  # it may have been announced twice at the same moment
            if call is None:
                return RejectCall() if earlier is not None else await self.accept(report)
        if call is None:
            return self.turn_away(report)
        call.learn_provider_id(report.provider_call_id)
        if report.event is not None:
            await call.deliver(report.event)
        if report.performed is not None:
            await call.take_performed(report.performed)
        if not report.asks:
            return Acknowledge()
        return await call.next_answer(report.performed.turn if report.performed else "")

    def find(self, report: CarrierReport) -> Call | None:
        """The living call that *report* is about."""
        named = report.provider_call_id
        if report.call_id is None:
            return self.switchboard.find(named)
        call = self.switchboard.find(report.call_id)
        # Dialled twice, if nobody knew whether the first time had counted: only one is ours.
        is_ours = call is not None and call.notes.record.provider_call_id in (None, named)
        return call if is_ours else None

    async def accept(self, report: CarrierReport) -> Answer:
        """Take a call that somebody places to us, if it may be taken."""
        accepted = await self.switchboard.accept(report)
        return RejectCall() if isinstance(accepted, Refusal) else await accepted.next_answer()

    def turn_away(self, report: CarrierReport) -> Answer:
        """Let a call that does not live here come to its end at the carrier as well."""
        if isinstance(report.event, HungUp) and not report.event.by_us:
            return Acknowledge()
        if report.asks:
            return HangUpCall()
        if report.call_id is not None:
            self.switchboard.nursery.start_soon(
                self.switchboard.leftovers.hang_up_stray, report.provider_call_id
            )
        return Acknowledge()

    # --- streams -----------------------------------------------------------------------

    def welcomes(self, upgrade: Webhook, peer: str) -> bool:
        """Whether a stream may be opened by *upgrade*, which came from the address *peer*.

        It must prove to be the carrier's where webhooks must; whose it is, its start will say.
        """
        if self.settings.skip_signature_verification or self.lets_in_unproven(peer):
            return True
        try:
            self.provider.check_upgrade(upgrade)
        except BadSignatureError as error:
            self.tell("stream refused", str(error))
            return False
        return True

    async def serve_stream(
        self, stream: MessageStream, started: Callable[[], None] = ignore
    ) -> None:
        """Serve one media stream, from its first message to its end.

        *started* is called when it has proved whose it is.
        """
        codec = self.provider.open_codec()
        try:
            with trio.fail_after(self.settings.streaming.pre_start_timeout_ms / 1000):
                opened, following = await self.read_start(stream, codec)
            call = self.admit(opened)
            started()
            await call.carry(Line(stream=stream, codec=codec, following=following), opened)
            stream.close()
        except (BadMessageError, BadSignatureError) as error:
            self.tell("stream refused", str(error))
        except trio.TooSlowError:
            self.tell("stream refused", "no start in time")
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


def unproven_key(webhook: Webhook) -> str:
    """What to know a webhook by that has no signature: all of it.

    No genuine webhook has such a key, so nobody can have one answered before it comes.
    """
    parts = (webhook.method.encode(), webhook.url.encode(), webhook.body)
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    return f"unproven {digest}"


def is_announcement(report: CarrierReport) -> bool:
    """Whether *report* is the first word of a call that somebody places to us."""
    return (
        report.direction is Direction.INBOUND
        and isinstance(report.event, Placed)
        and report.asks
        and report.call_id is None
    )
