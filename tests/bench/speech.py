"""The caller's speech: real words, cut so that they begin and end at known frames."""

from collections.abc import Sequence

from tests.bench.lab import Tap
from tests.sound import spoken
from voicecalld.audio.activity import ActivityEvent
from voicecalld.audio.frame import FRAME_MS, Framer
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.pcm import level_dbfs
from voicecalld.exchange.wire import SILENCE
from voicecalld.provider.mock.media import CLEAR, MEDIA_HEAD

VOICED_DBFS = -40.0
FRAME_S = FRAME_MS / 1000


def cut_speech(text: str) -> bytes:
    """*text*, spoken, from its first voiced frame to its last one; around it is silence."""
    frames = Framer().feed(spoken(text))
    voiced = [
        number
        for number, frame in enumerate(frames)
        if level_dbfs(mulaw_decode(frame)) > VOICED_DBFS
    ]
    return b"".join(frames[voiced[0] : voiced[-1] + 1])


def sound_times(messages: Sequence[tuple[float, str]]) -> list[float]:
    """When each frame came that is not silence."""
    return [at_s for at_s, text in messages if text.startswith(MEDIA_HEAD) and text != SILENCE]


def begins(times: Sequence[float], pause_s: float) -> list[float]:
    """Those of *times* that come after a pause of at least this length; the first is one."""
    return [
        at_s
        for number, at_s in enumerate(times)
        if number == 0 or at_s - times[number - 1] >= pause_s
    ]


def last_before(times: Sequence[float], limit_s: float) -> float:
    """The latest of *times* before *limit_s*."""
    return max(at_s for at_s in times if at_s < limit_s)


def moments_of(kind: type[ActivityEvent], tap: Tap) -> list[float]:
    """When, as voice activity has it, speech began, was sustained or stopped."""
    return [at_s for at_s, event in tap.moments if isinstance(event, kind)]


def clear_times(tap: Tap) -> list[float]:
    """When the carrier was told to drop what it had not played."""
    return [at_s for at_s, text in tap.to_carrier if text == CLEAR]
