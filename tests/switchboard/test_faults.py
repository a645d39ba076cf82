"""What one turn gives when a service fails at any stage of it: what is heard when, and the news.

The turn is made over a line that plays what it is sent, in virtual time.
"""

import math
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.speech_fakes import FakeSynthesizer
from voicecalld.agent.base import AgentOutput, PressKeys, SayText
from voicecalld.call.events import Remedy, TurnQueued
from voicecalld.call.playout import FRAME_S, Playout
from voicecalld.errors import CarrierError, HopelessServiceError, RemoteError, ServiceError
from voicecalld.speech.base import SpeechChunk
from voicecalld.switchboard.sound_cache import SoundCache
from voicecalld.switchboard.speaker import PAUSE_S, SECOND_SOUND_S
from voicecalld.switchboard.stall import AGAIN_S
from voicecalld.switchboard.talk import hurried, queued, remedy_of
from voicecalld.switchboard.turn_task import TurnLimits, TurnTask

APOLOGY: Final = "One moment."
STALL_S: Final = 2.5
FIRST_TEXT_S: Final = 6.0
FIRST_SOUND_S: Final = 4.0
BROKEN: Final = ServiceError("broken")
HOPELESS: Final = HopelessServiceError("broken for good")

# An agent's turn: what it says, how long it waits, and how it fails.
Script = Sequence[AgentOutput | float | RemoteError]

HELLO: Final = SayText(text="Hello there. ")  # 0.55 s


async def play_script(script: Script) -> AsyncGenerator[AgentOutput, None]:
    for part in script:
        match part:
            case float():
                await trio.sleep(part)
            case RemoteError():
                raise part
            case _:
                yield part


class Voice(FakeSynthesizer):
    """Fails at each clause but the apology, and before it has made *chunks*; inf stalls."""

    def __init__(self, failure: ServiceError | float | None = None, *, chunks: int = 0) -> None:
        super().__init__()
        self.failure = failure
        self.chunks = chunks

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        made = 0
        chunks = super().synthesize(text)
        try:
            async for chunk in chunks:
                if text != APOLOGY and made == self.chunks:
                    await self.fail()
                made += 1
                yield chunk
        finally:
            await chunks.aclose()

    async def fail(self) -> None:
        match self.failure:
            case ServiceError():
                raise self.failure
            case float():
                await trio.sleep(self.failure)
            case _:
                pass


@dataclass
class Line:
    """Plays what it is sent; knows when sound began after silence, and what the call was told."""

    playout: Playout
    began_s: float

    def __post_init__(self) -> None:
        self.heard_s: list[float] = []
        self.told: list[object] = []
        self.told_s = 0.0
        self.has_news = trio.Event()

    def now_s(self) -> float:
        return trio.current_time() - self.began_s

    async def run(self) -> None:
        was_silent = True
        while True:
            frames = self.playout.take(trio.current_time())
            is_silent = self.playout.played_out_s <= trio.current_time()
            if frames and was_silent:
                self.heard_s.append(round(self.now_s(), 2))
            was_silent = is_silent
            await trio.sleep(FRAME_S)

    def tell(self, event: object) -> None:
        if not self.told:
            self.told_s = self.now_s()
        self.told.append(event)
        self.has_news.set()


async def make_turn(script: Script, voice: Voice, *, lasts_s: float = 60.0) -> Line:
    """The line, when the turn was made."""
    playout = Playout()
    line = Line(playout, trio.current_time())
    cache = SoundCache(voice)

    async def press(_digits: str) -> None:
        await trio.sleep(10.0)

    task = TurnTask(
        playout=playout,
        synthesizer=cache,
        tell=line.tell,
        press=press,
        measure=lambda _turn, _stage, _now_s: None,
        send_due=lambda _now_s: None,
        limits=TurnLimits(
            first_text_s=FIRST_TEXT_S,
            first_sound_s=FIRST_SOUND_S,
            stall_s=STALL_S,
            apology=APOLOGY,
        ),
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(cache.hold, APOLOGY)
        nursery.start_soon(line.run)
        task.start(nursery, 1, play_script(script))
        with trio.move_on_after(lasts_s):
            await line.has_news.wait()
        await trio.sleep(10 * FRAME_S)  # what is queued begins to be heard
        nursery.cancel_scope.cancel()
    return line


SECOND_S: Final = PAUSE_S + SECOND_SOUND_S


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A turn, when sound begins in it after silence, and when the call is told which remedy."""

    script: Script
    voice: Voice
    heard_s: Sequence[float]
    told_s: float
    remedy: Remedy | None


FAULTS: Final = {
    "all is well": Fault(script=(HELLO,), voice=Voice(), heard_s=(0.0,), told_s=0.0, remedy=None),
    "the agent stalls": Fault(
        script=(60.0, HELLO),
        voice=Voice(),
        heard_s=(STALL_S,),
        told_s=FIRST_TEXT_S,
        remedy=Remedy.AGAIN,
    ),
    "the agent fails": Fault(
        script=(BROKEN,), voice=Voice(), heard_s=(), told_s=0.0, remedy=Remedy.AGAIN
    ),
    "the agent fails for good": Fault(
        script=(HOPELESS,), voice=Voice(), heard_s=(), told_s=0.0, remedy=Remedy.FAREWELL
    ),
    "the agent is slow": Fault(
        script=(5.0, HELLO), voice=Voice(), heard_s=(STALL_S, 5.0), told_s=5.0, remedy=None
    ),
    "the agent stalls in the middle": Fault(
        script=(HELLO, 60.0),
        voice=Voice(),
        heard_s=(0.0, 0.55 + STALL_S),
        told_s=FIRST_TEXT_S,
        remedy=Remedy.AGAIN,
    ),
    "the agent fails in the middle": Fault(
        script=(HELLO, 1.0, BROKEN),
        voice=Voice(),
        heard_s=(0.0,),
        told_s=1.0,
        remedy=Remedy.AGAIN,
    ),
    "the voice refuses": Fault(
        script=(HELLO,), voice=Voice(HOPELESS), heard_s=(), told_s=0.0, remedy=Remedy.FAREWELL
    ),
    "the voice fails": Fault(
        script=(HELLO,),
        voice=Voice(BROKEN),
        heard_s=(),
        told_s=PAUSE_S,
        remedy=Remedy.FAREWELL,
    ),
    "the voice stalls": Fault(
        script=(HELLO,),
        voice=Voice(math.inf),
        heard_s=(STALL_S, 2 * STALL_S + 1.0),  # and the apology in between
        told_s=FIRST_SOUND_S + SECOND_S,
        remedy=Remedy.FAREWELL,
    ),
    "the voice breaks off": Fault(
        script=(HELLO,),
        voice=Voice(BROKEN, chunks=2),
        heard_s=(0.0, 0.2),
        told_s=0.2 + PAUSE_S,
        remedy=Remedy.FAREWELL,
    ),
    "keys are no silence": Fault(
        script=(PressKeys(digits="1"), 1.0),
        voice=Voice(),
        heard_s=(),
        told_s=11.0,
        remedy=None,
    ),
    "keys take their time": Fault(
        script=(PressKeys(digits="1"),), voice=Voice(), heard_s=(), told_s=10.0, remedy=None
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_turn_that_fails_is_heard_to_fail_and_told_with_its_remedy(
    fault: Fault, autojump_clock: MockClock
) -> None:
    line = await make_turn(fault.script, fault.voice)

    news = line.told[0]
    assert isinstance(news, TurnQueued)
    assert news.failed == (fault.remedy is not None)
    assert news.remedy == (fault.remedy or Remedy.NONE)
    assert line.told_s == pytest.approx(fault.told_s, abs=0.15)
    assert line.heard_s == pytest.approx(list(fault.heard_s), abs=0.15)


async def test_a_long_stall_is_excused_again(autojump_clock: MockClock) -> None:
    line = await make_turn((5.9, SayText(text="a"), 5.9, SayText(text="b"), 5.9), Voice())

    first_s, second_s, *_ = line.heard_s
    assert second_s - first_s == pytest.approx(AGAIN_S + 0.5, abs=0.2)


# --- its parts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (BROKEN, Remedy.AGAIN),
        (HOPELESS, Remedy.FAREWELL),
        (CarrierError("keys refused"), Remedy.NONE),
    ],
)
def test_what_may_help_depends_on_whose_fault_it_was(error: RemoteError, remedy: Remedy) -> None:
    assert remedy_of(error) is remedy
    assert queued(1, 2.0, error, ends_call=False) == TurnQueued(
        turn=1, lasts_s=2.0, failed=True, remedy=remedy, reason=str(error)
    )


async def test_who_is_asked_again_has_less_time_for_the_first_words_alone(
    autojump_clock: MockClock,
) -> None:
    script: Script = (1.0, HELLO, 30.0, HELLO)

    outputs = [output async for output in hurried(play_script(script), 2.0)]

    assert outputs == [HELLO, HELLO]


async def test_who_is_asked_again_and_says_nothing_has_failed(autojump_clock: MockClock) -> None:
    with pytest.raises(ServiceError, match="in time"):
        _ = [output async for output in hurried(play_script((3.0, HELLO)), 2.0)]
