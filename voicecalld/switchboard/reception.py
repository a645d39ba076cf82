"""The carriers' door: webhooks are checked, obeyed once, answered; streams find their call.

The order is always the same: is it genuine, was it seen before, what does it say, is it on disk;
only then is it answered. Who carries the bytes (HTTP, WebSocket, memory) is not known here.
"""

from collections.abc import Callable, Sequence
from typing import Final

import structlog
import trio

from voicecalld.call.events import Answered, Placed
from voicecalld.errors import BadMessageError, BadSignatureError, JournalError
from voicecalld.net.message_stream import MessageStream
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    CarrierReport,
    ConnectStream,
    Direction,
    MediaCodec,
    Provider,
    RejectCall,
    StreamOpened,
)
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.replay import ReplayGuard
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.media_pump import Line
from voicecalld.switchboard.registry import Refusal, Switchboard
from voicecalld.switchboard.tokens import StreamTokens

log: Final = structlog.get_logger()

# A carrier sends `start` at once; who does not is not a carrier.
PRE_START_S = 5.0

# Longer than any signature stays valid.
REPLAY_WINDOW_S = 24 * 3600.0

UNAUTHORIZED = Reply(status=401, body=b"Unauthorized")
UNRECORDED = Reply(status=500, body=b"Internal Server Error")
MALFORMED = Reply(status=400, body=b"Bad Request")


class Reception:
    """The door of one carrier."""

    def __init__(
        self,
        switchboard: Switchboard,
        provider: Provider,
        tokens: StreamTokens,
        *,
        stream_url: str,
        unix_clock: Callable[[], float],
    ) -> None:
        self.switchboard = switchboard
        self.provider = provider
        self.tokens = tokens
        self.stream_url = stream_url
        self.unix_clock = unix_clock
        self.replays = ReplayGuard(REPLAY_WINDOW_S)

    async def receive_webhook(self, webhook: Webhook) -> Reply:
        """Obey *webhook*, once, and answer it."""
        unix_s = self.unix_clock()
        try:
            key = self.provider.verify(webhook, unix_s)
        except BadSignatureError as error:
            log.warning("webhook refused", provider=self.provider.name, reason=str(error))
            return UNAUTHORIZED
        earlier = self.replays.recall(key)
        if earlier is not None:
            return earlier
        try:
            reports = self.provider.parse(webhook)
        except BadMessageError as error:
            log.warning("webhook malformed", provider=self.provider.name, reason=str(error))
            return MALFORMED
        answer: Answer = Acknowledge()
        try:
            for report in reports:
                answer = await self.obey(report)
        except JournalError as error:
            log.warning("webhook not recorded", provider=self.provider.name, reason=str(error))
            return UNRECORDED  # and not remembered: the carrier may try again
        reply = self.provider.answer(answer)
        self.replays.remember(key, reply, unix_s)
        return reply

    async def obey(self, report: CarrierReport) -> Answer:
        """Let the call know what has happened to it; gives what the carrier is to do."""
        call = self.find(report)
        if call is not None:
            await call.deliver(report.event)
            is_answer = isinstance(report.event, Answered)
            return self.connect(call) if is_answer else Acknowledge()
        if report.direction is not Direction.INBOUND or not isinstance(report.event, Placed):
            return Acknowledge()  # not ours, or over: an old call must not come to life again
        accepted = await self.switchboard.accept(report)
        if isinstance(accepted, Refusal):
            return RejectCall()
        return self.connect(accepted)

    def find(self, report: CarrierReport) -> Call | None:
        """The living call that *report* is about."""
        if report.call_id is not None:
            return self.switchboard.find(report.call_id)
        return self.switchboard.find(report.provider_call_id)

    def connect(self, call: Call) -> Answer:
        """Ask for the call's audio, with a token for one stream; not twice for one call."""
        if call.machine.is_over or call.machine.is_connected:
            return Acknowledge()
        token = self.tokens.mint(self.provider.name, call.notes.record.call_id)
        return ConnectStream(stream_url=self.stream_url, token=token)

    async def serve_stream(self, stream: MessageStream) -> None:
        """Serve one media stream, from its first message to its end."""
        codec = self.provider.open_codec()
        try:
            with trio.fail_after(PRE_START_S):
                opened, following = await self.read_start(stream, codec)
            call = self.admit(opened)
            await call.carry(Line(stream=stream, codec=codec, following=following), opened)
        except (BadMessageError, BadSignatureError) as error:
            log.warning("stream refused", provider=self.provider.name, reason=str(error))
        except trio.TooSlowError:
            log.warning("stream refused", provider=self.provider.name, reason="no start in time")
        finally:
            stream.close()

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
        call_id = self.tokens.redeem(self.provider.name, opened.token)
        call = self.switchboard.find(call_id)
        if call is None or call.machine.is_over:
            raise BadSignatureError("the call of this stream is over")
        if call.notes.record.provider_call_id not in (None, opened.provider_call_id):
            raise BadSignatureError("the stream names another call than its token")
        return call
