"""The sound of one call: their frames in, our frames out at the pace of the line.

The reader never waits for the transcriber, and the writer never waits at all: it is ticked by the
wheel, and a line that does not take its frames is given up.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, assert_never

import trio

from voicecalld.audio import activity
from voicecalld.audio.frame import FRAME_BYTES, SAMPLE_RATE_HZ
from voicecalld.call.events import (
    CallEvent,
    PressedKey,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    TurnAudible,
    TurnHeard,
)
from voicecalld.call.playout import NO_TURN, Frame, Mark, Playout
from voicecalld.errors import BadMessageError, StreamBrokenError
from voicecalld.net.message_stream import MessageStream
from voicecalld.provider.stream import (
    AudioReceived,
    KeyPressed,
    MarkReturned,
    MediaCodec,
    MediaEvent,
    StreamOpened,
    StreamStopped,
)
from voicecalld.speech.base import Transcription

# Our sound is back from the other end of the line, and from a loudspeaker there, in this time.
ECHO_TAIL_S = 0.25

# Who begins to speak just before our turn is to be heard is let speak: so long it takes until that
# is known to be more than a noise, and the turn is given up.
LET_SPEAK_S = 0.3

# A transcriber is fed in pieces of this size: in single frames it would cost more than the media.
PIECE_BYTES = 5 * FRAME_BYTES


class Watcher(Protocol):
    """Whoever keeps the records."""

    def on_first_frame(self, turn: int, now_s: float) -> None:
        """The first frame of *turn* is on the line."""

    def on_mark(self, turn: int, now_s: float) -> None:
        """A mark of *turn* has come back."""

    def on_bad_message(self) -> None:
        """The carrier has sent something malformed."""

    def on_line_over(self) -> None:
        """A media stream has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A media stream that has begun, and the messages that were read behind its start."""

    stream: MessageStream
    codec: MediaCodec
    following: Sequence[str] = ()


class MediaPump:
    """The ears and the mouth of one call."""

    def __init__(
        self,
        *,
        playout: Playout,
        voice: activity.VoiceActivity,
        transcription: Transcription,
        tell: Callable[[CallEvent], None],
        fail: Callable[[Exception], None],
        watcher: Watcher,
    ) -> None:
        self.playout = playout
        self.voice = voice
        self.transcription = transcription
        self.tell = tell
        self.fail = fail
        self.watcher = watcher
        self.line: Line | None = None
        self.piece = bytearray()
        self.fed_bytes = 0
        self.audible_turn = NO_TURN
        self.voice_began_s = -math.inf  # theirs, as far as it was noticed

    # --- in --------------------------------------------------------------------------

    async def read(self, line: Line) -> None:
        """Take what the other party says and presses, until the stream or its turn ends.

        A stream that comes later takes over: two at once would both be listened to.
        """
        if self.line is not None:
            self.line.stream.close()
        self.line = line
        opening = line.codec.encode_opening()
        if opening:
            self.send(line, opening)
        try:
            self.on_messages(line, line.following)
            await line.stream.deliver(partial(self.on_messages, line))
        finally:
            line.stream.close()
            if self.line is line:
                self.line = None
            self.watcher.on_line_over()

    def is_replaced(self, line: Line) -> bool:
        """Whether another line carries the call now."""
        return self.line is not None and self.line is not line

    def on_messages(self, line: Line, messages: Sequence[str]) -> None:
        """Take some messages of the carrier, in order; sound in a row is listened to as one."""
        sound = b""
        for message in messages:
            if self.is_replaced(line):
                return
            event = self.decode(line.codec, message)
            if isinstance(event, AudioReceived):
                sound += event.audio
                continue
            self.on_audio(sound)
            sound = b""
            self.on_event(event)
        self.on_audio(sound)

    def decode(self, codec: MediaCodec, message: str) -> MediaEvent | None:
        """What a message of the carrier says; one that makes no sense says nothing."""
        try:
            return codec.decode(message)
        except BadMessageError:
            self.watcher.on_bad_message()
            return None

    def on_event(
        self, event: StreamOpened | MarkReturned | KeyPressed | StreamStopped | None
    ) -> None:
        """Take what the carrier tells beside the sound."""
        match event:
            case MarkReturned(mark=mark):
                self.on_mark(mark)
            case KeyPressed(digit=digit):
                self.tell(PressedKey(digit=digit))
            case StreamOpened() | StreamStopped() | None:
                pass  # a second start changes nothing; after a stop the carrier closes
            case _:
                assert_never(event)

    def on_audio(self, audio: bytes) -> None:
        """Listen to some of their sound, if there is any."""
        if not audio:
            return
        self.fed_bytes += len(audio)
        self.piece += audio
        if len(self.piece) >= PIECE_BYTES:
            self.feed_transcription()
        self.voice.guard(is_on=trio.current_time() < self.playout.played_out_s + ECHO_TAIL_S)
        for change in self.voice.feed(audio):
            self.feed_transcription()
            ago_s = max(0.0, self.fed_bytes / SAMPLE_RATE_HZ - change.at_s)
            match change:
                case activity.SpeechBegan():
                    self.voice_began_s = trio.current_time()
                    self.tell(SpeechBegan(ago_s=ago_s))
                case activity.SpeechSustained():
                    self.tell(SpeechSustained(ago_s=ago_s))
                case activity.SpeechStopped():
                    self.tell(SpeechStopped(ago_s=ago_s))
                case _:
                    assert_never(change)

    def feed_transcription(self) -> None:
        """Hand over what has been collected."""
        self.transcription.feed(bytes(self.piece))
        self.piece.clear()

    def on_mark(self, mark: str) -> None:
        """Some of our sound has been heard."""
        turn = self.playout.turn
        if not self.playout.returned(mark):
            return
        self.watcher.on_mark(turn, trio.current_time())
        if self.playout.is_heard:
            self.tell(TurnHeard(turn=turn))

    # --- out -------------------------------------------------------------------------

    def tick(self, now_s: float) -> None:
        """Send what is due; called by the wheel, which must not stop for one call's bug."""
        if now_s < self.playout.full_until_s:  # three times of four
            return
        try:
            self.send_due(now_s)
        except Exception as error:  # noqa: BLE001 - the call raises it again, in a task of its own
            self.fail(error)

    def send_due(self, now_s: float) -> None:
        """Send what is due at *now_s*."""
        line = self.line
        if line is None or self.lets_speak(now_s):
            return
        at_once = line.codec.frames_per_message
        sound: list[Frame] = []
        for item in self.playout.take(now_s, at_once):
            if isinstance(item, Frame):
                sound.append(item)
                if len(sound) < at_once:
                    continue
            self.send_sound(line, sound)
            if isinstance(item, Mark):
                self.send(line, line.codec.encode_mark(item.name))
        self.send_sound(line, sound)

    def lets_speak(self, now_s: float) -> bool:
        """Whether our turn, of which nothing is heard yet, waits for them, who have just begun.

        What is being heard goes on: a filler, keys.
        """
        playout = self.playout
        is_silent = playout.played_out_s <= now_s and not (playout.is_audible or playout.keys)
        return is_silent and self.voice.speaking and now_s < self.voice_began_s + LET_SPEAK_S

    def send_sound(self, line: Line, sound: list[Frame]) -> None:
        """Send the frames that have been collected, if there are any."""
        if not sound:
            return
        self.send(line, line.codec.encode_audio(b"".join(sound)))
        sound.clear()
        self.note_audible()

    def note_audible(self) -> None:
        """Tell once for each turn that it can be heard now."""
        turn = self.playout.turn
        if turn == self.audible_turn or not self.playout.is_audible:
            return
        self.audible_turn = turn
        self.watcher.on_first_frame(turn, trio.current_time())
        self.tell(TurnAudible(turn=turn))

    def clear(self, now_s: float) -> str:
        """Stop speaking at once; gives the words that were heard."""
        heard = self.playout.clear(now_s)
        if self.line is not None:
            self.send(self.line, self.line.codec.encode_clear())
        return heard

    def send(self, line: Line, message: str) -> None:
        """Send, or give the line up; its reader will see that it is closed."""
        try:
            line.stream.send(message)
        except StreamBrokenError:
            line.stream.close()
            self.line = None
