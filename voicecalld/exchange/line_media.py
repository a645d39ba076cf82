"""The sound of one line: the party's goes out, the daemon's is played, both once every 20 ms."""

from collections.abc import Callable, Iterable
from typing import assert_never

import numpy as np
import structlog

from voicecalld.audio.frame import FRAME_BYTES, MULAW_SILENCE, SAMPLE_RATE_HZ, SILENT_FRAME
from voicecalld.audio.g711 import MULAW_TO_PCM, mulaw_encode
from voicecalld.audio.pcm import to_pcm
from voicecalld.errors import BadMessageError, StreamBrokenError
from voicecalld.exchange.party import Party, is_loud
from voicecalld.exchange.play_buffer import PlayBuffer
from voicecalld.exchange.recording import Recorder
from voicecalld.exchange.wire import (
    STOP,
    ClearAudio,
    PlayAudio,
    ReturnMark,
    decode_order,
    encode_key,
    encode_sound,
)
from voicecalld.net.message_stream import MessageStream
from voicecalld.provider.mock.media import encode_mark

log = structlog.get_logger()

# Ten minutes: no prompt is longer, and nobody paces that badly by mistake for long.
MAX_WAITING_BYTES = 600 * SAMPLE_RATE_HZ


class LineMedia:
    """A member of the wheel, and the reader of the daemon's messages.

    When the daemon closes the stream, or breaks it, the line stays up in silence: the party
    goes on, and only a hang-up ends the call.
    """

    def __init__(
        self,
        party: Party,
        stream: MessageStream,
        *,
        recorder: Recorder | None,
        hang_up: Callable[[], None],
    ) -> None:
        self._party = party
        self._stream = stream
        self._recorder = recorder
        self._hang_up = hang_up
        self._buffer = PlayBuffer()
        self._keys = bytearray()  # the tones of keys pressed by the daemon
        self._connected = True

    def tick(self, now_s: float) -> None:
        """Play and send one frame."""
        played, marks = self._buffer.play()
        self._return(marks)
        agent_is_loud = played is not None and is_loud(played)
        moment = self._party.tick(now_s, agent_is_loud=agent_is_loud)
        for digit in moment.digits:
            self._send(encode_key(digit))
        self._send(encode_sound(moment.frame))
        if self._recorder is not None:
            self._recorder.feed(moment.frame, self._mix_keys(played or SILENT_FRAME))
        if moment.hangs_up:
            self._hang_up()

    async def read(self) -> None:
        """Obey the daemon's messages until it closes the stream."""
        try:
            while messages := await self._stream.receive():
                for message in messages:
                    self._obey(message)
        except BadMessageError as problem:
            log.warning("the carrier closes a media stream", problem=str(problem))
        self._disconnect()

    def hear_keys(self, tones: bytes) -> None:
        """Let the party hear *tones* over whatever else it hears."""
        self._keys += tones

    def close(self) -> None:
        """Say that nothing more will come, and close the stream."""
        self._send(STOP)
        self._disconnect()

    def _obey(self, message: str) -> None:
        order = decode_order(message)
        match order:
            case PlayAudio(audio=audio):
                self._take_sound(audio)
            case ReturnMark(mark=mark):
                self._return(self._buffer.add_mark(mark))
            case ClearAudio():
                self._return(self._buffer.clear())
            case _:
                assert_never(order)

    def _take_sound(self, audio: bytes) -> None:
        self._buffer.add_sound(audio)
        if self._buffer.waiting_bytes > MAX_WAITING_BYTES:
            raise BadMessageError("more than ten minutes of sound wait to be played")

    def _return(self, marks: Iterable[str]) -> None:
        for mark in marks:
            self._send(encode_mark(mark))

    def _send(self, message: str) -> None:
        if not self._connected:
            return
        try:
            self._stream.send(message)
        except StreamBrokenError:
            # That the daemon has gone, or does not read, is its own affair.
            self._disconnect()

    def _disconnect(self) -> None:
        self._connected = False
        self._stream.close()

    def _mix_keys(self, frame: bytes) -> bytes:
        if not self._keys:
            return frame
        tones = bytes(self._keys[:FRAME_BYTES]).ljust(FRAME_BYTES, MULAW_SILENCE)
        del self._keys[:FRAME_BYTES]
        both = np.frombuffer(frame + tones, np.uint8).reshape(2, FRAME_BYTES)
        return mulaw_encode(to_pcm(MULAW_TO_PCM[both].astype(np.float64).sum(axis=0)))
