"""Whoever hangs up, at whatever stage of a call with slow services: nothing of it is left."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.live_ears import LiveEars
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.switchboard.office import Office, open_office, think_ahead
from voicecalld.agent.base import AgentSession, Briefing
from voicecalld.errors import CallEndedError
from voicecalld.switchboard.equipment import GOODBYE_S
from voicecalld.switchboard.services import ModelPool

# Making one takes longer than all else.
MODELS = ModelPool()

STEPS = [
    {"say": "What time is it?", "after_ms": 200},
    {"say": "Wait a moment.", "when": "agent-speaks", "after_ms": 700},
    {"say": "I want a table and", "after_ms": 500},
]

delays_s = st.sampled_from([0.0, 0.03, 0.4, 1.7, 30.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowness:
    """How slow everything is, and when the call is over."""

    opens_s: float
    words_s: float
    thinks_s: float
    sound_s: float
    warms_s: float
    answers_s: float
    over_s: float
    by_them: bool
    thinks_ahead: bool


histories = st.builds(
    Slowness,
    opens_s=st.sampled_from([0.0, 0.03, 0.4]),
    words_s=delays_s,
    thinks_s=delays_s,
    sound_s=delays_s,
    warms_s=delays_s,
    answers_s=st.sampled_from([0.0, 0.5, 3.0]),
    over_s=st.integers(0, 160).map(lambda tenths: tenths / 10 + 0.0013),
    by_them=st.booleans(),
    thinks_ahead=st.booleans(),
)


class SlowVoice(FakeSynthesizer):
    """Is slow to begin, and to be warm."""

    def __init__(self, slowness: Slowness) -> None:
        super().__init__(delay_s=slowness.sound_s)
        self.warms_s = slowness.warms_s
        self.warming = 0

    async def warm(self) -> None:
        self.warming += 1
        try:
            await trio.sleep(self.warms_s)
        finally:
            self.warming -= 1


class SlowAgent(ScriptedAgent):
    """Takes its time, at the beginning and in the end."""

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        await trio.sleep(self.delay_s / 4)
        async with super().open(briefing) as session:
            yield session


@asynccontextmanager
async def open_slow_office(slowness: Slowness) -> AsyncGenerator[tuple[Office, LiveEars], None]:
    phone: dict[str, Any] = {
        "steps": STEPS,
        "answers_after_ms": round(1000 * slowness.answers_s),
        "hangs_up_after_ms": 100_000,
    }
    if slowness.by_them:
        phone["hangs_up_after_ms"] = round(1000 * slowness.over_s)
    ears = LiveEars(
        "What time is it?", "Wait a", "I want", delay_s=slowness.words_s, open_s=slowness.opens_s
    )
    voice = SlowVoice(slowness)
    async with open_office(
        phone=phone,
        agent=SlowAgent("It is noon. Is there anything else?", delay_s=slowness.thinks_s),
        turn={"filler": "One moment."},
        transcriber=ears,
    ) as office:
        switchboard = office.switchboard
        switchboard.services = replace(switchboard.services, synthesizer=voice, models=MODELS)
        if slowness.thinks_ahead:
            think_ahead(office)
        yield office, ears


async def live_through(slowness: Slowness) -> list[str]:
    """What is left of a call."""
    async with open_slow_office(slowness) as (office, ears):
        idle = len(MODELS.idle)
        await trio.testing.wait_all_tasks_blocked()
        tasks = trio.lowlevel.current_statistics().tasks_living
        voice = office.switchboard.services.synthesizer
        assert isinstance(voice, SlowVoice)
        late = await hang_up(office, slowness)
        counts = {
            "calls": office.switchboard.live_count,
            "sessions": office.agent.open_sessions,
            "replies": office.agent.running_replies,
            "connections": ears.open_calls,
            "sounds being made": voice.speaking,
            "sounds held": office.switchboard.services.sounds.held_bytes,
            "services being warmed": voice.warming,
            "members of the wheel": sum(map(len, office.switchboard.services.wheel.slots)),
            "models lent": idle - len(MODELS.idle),
            "too late": late,
        }
        await trio.sleep(200)  # the telephone at the other end has an end as well
        counts["tasks"] = trio.lowlevel.current_statistics().tasks_living - tasks
    return [what for what, count in counts.items() if count > 0]


async def hang_up(office: Office, slowness: Slowness) -> bool:
    """Have a call, and end it in time; whether that has taken too long."""
    over_s = trio.current_time() + slowness.over_s
    try:
        call_id = await office.call("Good evening. This is a message.")
    except CallEndedError:
        return False
    if not slowness.by_them:
        await trio.sleep_until(over_s)
        asked_s = trio.current_time()
        if office.switchboard.find(call_id) is not None:
            await office.switchboard.end(call_id)
        return trio.current_time() > asked_s + GOODBYE_S
    await office.wait_over(call_id)
    return False


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(slowness=histories)
def test_nothing_is_left_of_a_call_that_ends_at_any_stage_of_slow_services(
    slowness: Slowness,
) -> None:
    left = trio.run(live_through, slowness, clock=MockClock(autojump_threshold=0))

    assert left == []
