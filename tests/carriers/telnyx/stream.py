"""A media stream of the simulated Telnyx, from its opening to its end."""

import uuid
from collections.abc import Callable
from typing import assert_never

import trio

from tests.carriers.ledger import StreamEntry
from tests.carriers.outside import CustomerStream, NoAnswerError, RefusedStreamError
from tests.carriers.stream import StreamMedia
from tests.carriers.stream_orders import BadOrderError, ClearAudio, PlayAudio, SetMark
from tests.carriers.telnyx.ears import Ears
from tests.carriers.telnyx.leg import Leg, StreamTerms
from tests.carriers.telnyx.wire import (
    INVALID_MEDIA,
    LEAST_AUDIO_BYTES,
    MOST_AUDIO_BYTES,
    STREAM_BROKEN,
    STREAM_CLOSED,
    STREAM_REFUSED,
    STREAM_UNREAD,
    StreamWriter,
    parse_order,
    render_connected,
)

TOKEN_HEADER = "x-telnyx-streaming-auth-token"  # noqa: S105 - the name of one
# One report has it that a leg without any sound of ours is cleared; another that it was not so.
SILENCE_S = 1.5
USER_ID = "3e6f995f-85f7-4705-9741-53b116d28237"


async def run_stream(
    leg: Leg,
    ears: Ears,
    terms: StreamTerms,
    *,
    stream_id: str,
    clear_leg: Callable[[], None],
    forget: Callable[[], None],
) -> None:
    """Connect the line to a media stream until the customer closes it, or somebody cancels.

    `forget` is called as soon as its end is reported.
    """
    headers = {TOKEN_HEADER: terms.auth_token} if terms.auth_token else {}
    try:
        async with leg.services.outside.open_stream(terms.url, headers) as socket:
            media = TelnyxMedia(leg, ears, socket, terms, stream_id)
            leg.report("streaming.started", stream_url=terms.url)
            try:
                await media.run_watched(clear_leg)
            finally:
                media.stop()
                forget()
                report_end(leg, terms, stream_id, was_cut=media.was_cut)
        media.complain_of_end()
    except (NoAnswerError, RefusedStreamError) as problem:
        leg.complain(STREAM_REFUSED, f"no stream: {problem}")
        report_failure(leg, terms, stream_id, "connection_failed")


def report_end(leg: Leg, terms: StreamTerms, stream_id: str, *, was_cut: bool) -> None:
    """Tell the customer that a stream is over."""
    if was_cut:
        report_failure(leg, terms, stream_id, "connection_lost")
    else:
        leg.report("streaming.stopped", stream_url=terms.url)


def report_failure(leg: Leg, terms: StreamTerms, stream_id: str, reason: str) -> None:
    """Tell the customer that there is no stream."""
    leg.report(
        "streaming.failed",
        failure_reason=reason,
        stream_id=stream_id,
        stream_params={"stream_url": terms.url, "track": terms.track},
        stream_type="websocket",
    )


class TelnyxMedia(StreamMedia):
    """A listener, and the reader of the customer's messages."""

    unread_code = STREAM_UNREAD
    faulty_code = STREAM_BROKEN
    broken_code = STREAM_BROKEN
    closed_code = STREAM_CLOSED

    def __init__(
        self, leg: Leg, ears: Ears, socket: CustomerStream, terms: StreamTerms, stream_id: str
    ) -> None:
        entry = StreamEntry(stream_id=stream_id, url=terms.url, parameters=terms.parameters)
        super().__init__(leg, socket, entry)
        self._leg = leg
        self._ears = ears
        self._terms = terms
        self._writer = StreamWriter(stream_id)
        self._begun = trio.Event()
        self._frames = 0
        self._kept = ""

    async def run_watched(self, clear_leg: Callable[[], None]) -> None:
        """Carry sound until the customer closes the stream; a leg without any is cleared."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, clear_leg)
            await self.run()
            nursery.cancel_scope.cancel()

    async def _watch(self, clear_leg: Callable[[], None]) -> None:
        await self._begun.wait()
        await trio.sleep(SILENCE_S)
        if self.faults.silent_legs_cleared and self._terms.is_rtp and not self.entry.played_bytes:
            self._leg.note("nothing is to be heard, so the leg is cleared")
            clear_leg()

    def attach(self) -> None:
        """Listen to the line."""
        self._ears.add(self)

    def detach(self) -> None:
        """Listen no more."""
        self._ears.remove(self)

    def begin(self) -> None:
        """Say whose sound it is."""
        self.send(render_connected(self._terms.auth_token))
        ids = self._leg.ids()
        content: dict[str, object] = {
            "user_id": USER_ID,
            "call_control_id": ids["call_control_id"],
            "call_session_id": ids["call_session_id"],
            "from": self._leg.entry.from_,
            "to": self._leg.entry.to,
            "tags": [],
            "client_state": self._leg.client_state,
            "custom_parameters": dict(self._terms.parameters),
        }
        self.send(self._writer.start(content))
        self._begun.set()

    def obey(self, message: str) -> None:
        """Do what the customer says, or answer with an ``error``."""
        try:
            self._obey(message)
        except BadOrderError as problem:
            self._leg.complain(problem.code, str(problem))
            self.send(self._writer.error(problem))

    def _obey(self, message: str) -> None:
        order, line = parse_order(message), self._leg.talking
        match order:
            case PlayAudio():
                self._play(order.audio)
            case SetMark():
                self.entry.marks.append(order.mark)
                line.give_back(line.buffer.add_mark(order.mark))
            case ClearAudio():
                self.entry.clears += 1
                self._leg.note("the customer clears the sound")
                line.clear()
            case _:
                assert_never(order)

    def _play(self, audio: bytes) -> None:
        if not self._terms.is_rtp:
            return  # it ought to be a file of MP3, and what is none is dropped in silence
        if not LEAST_AUDIO_BYTES <= len(audio) <= MOST_AUDIO_BYTES:
            raise BadOrderError(INVALID_MEDIA, f"{len(audio)} bytes: not 20 ms to 30 s")
        self.entry.played_bytes += len(audio)
        self._leg.talking.buffer.add_sound(audio)

    def send_frame(self, message: str) -> None:
        """Send 20 ms of sound, out of order if that is a fault."""
        self._frames += 1
        if not self.faults.media_shuffled:
            self.send(message)
        elif self._frames % 4 == 1:
            self._kept = message
        else:
            self.send(message)
            if self._frames % 4 == 3:
                self.send(self._kept)

    def render_frame(self, frame: bytes) -> str:
        """The message of 20 ms of the other party's sound."""
        return self._writer.media(frame)

    def skip_frame(self) -> None:
        """Leave 20 ms out; the time goes on."""
        self._writer.skip()

    def render_key(self, digit: str) -> str:
        """The message of a key that the other party has pressed."""
        return self._writer.dtmf(digit, self._leg.services.unix_clock())

    def render_mark(self, mark: str) -> str:
        """The message of a mark that comes back."""
        return self._writer.mark(mark)

    def render_stop(self) -> str:
        """The last message."""
        call = {"user_id": USER_ID, "call_control_id": self._leg.entry.call}
        return self._writer.stop(call)


class Streams:
    """The media streams of one call: at most one at a time carries its sound."""

    def __init__(
        self, leg: Leg, ears: Ears, nursery: trio.Nursery, clear_leg: Callable[[], None]
    ) -> None:
        self._leg = leg
        self._ears = ears
        self._nursery = nursery
        self._clear_leg = clear_leg
        self._running: dict[str, trio.CancelScope] = {}

    def start(self, terms: StreamTerms) -> None:
        """Open one."""
        self._nursery.start_soon(self._run, terms)

    async def _run(self, terms: StreamTerms) -> None:
        stream_id = str(uuid.uuid4())
        with trio.CancelScope() as scope:
            self._running[stream_id] = scope
            await run_stream(
                self._leg,
                self._ears,
                terms,
                stream_id=stream_id,
                clear_leg=self._clear_leg,
                forget=lambda: self._forget(stream_id),
            )
        self._forget(stream_id)

    def _forget(self, stream_id: str) -> None:
        self._running.pop(stream_id, None)

    def stop(self, stream_id: str = "") -> None:
        """Close one, or all of them."""
        for name, scope in tuple(self._running.items()):
            if stream_id in {"", name}:
                scope.cancel()

    @property
    def is_streaming(self) -> bool:
        """Whether there is any."""
        return bool(self._running)
