"""Sound between a line, which has mu-law at 8 kHz, and a media stream in a format of Plivo's."""

from tests.carriers.plivo.wire import MULAW, SoundFormat, Warned
from tests.carriers.stream_orders import BadOrderError
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_decode, mulaw_encode
from voicecalld.audio.pcm import BYTES_PER_SAMPLE, Resampler


class SoundConverter:
    """Converts both directions of one stream."""

    def __init__(self, sound: SoundFormat) -> None:
        self._is_mulaw = sound == MULAW
        self._down = Resampler(sound.sample_rate_hz, SAMPLE_RATE_HZ)
        self._up = Resampler(SAMPLE_RATE_HZ, sound.sample_rate_hz)

    def to_line(self, payload: bytes) -> bytes:
        """What the other party hears of the customer's sound.

        Raises:
            BadOrderError: it ends in the middle of a sample.
        """
        if self._is_mulaw:
            return payload
        if len(payload) % BYTES_PER_SAMPLE:
            raise BadOrderError(Warned.NOT_HEARD, "half a sample")
        return mulaw_encode(self._down.feed(payload))

    def from_line(self, frame: bytes) -> bytes:
        """What the customer gets of the other party's sound."""
        return frame if self._is_mulaw else self._up.feed(mulaw_decode(frame))
