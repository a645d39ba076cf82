import math

import pytest

from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.audio.tones import beep
from voicecalld.exchange.party import (
    Deed,
    HangUp,
    Moment,
    Party,
    Plan,
    PlannedStep,
    PlaySound,
    is_loud,
)
from voicecalld.phone_settings import Trigger

ANSWERED_S = 10.0
HELLO = PlaySound(frames=(b"\x01" * 160, b"\x02" * 160), digits={}, loud_until=2)
# A word and then half a second of silence, as recordings have it.
TRAILING = PlaySound(frames=(b"\x01" * 160, *[SILENT_FRAME] * 25), digits={}, loud_until=1)
LISTENS = Moment()
HANGS_UP = Moment(hangs_up=True)


def step(when: Trigger, *, after_s: float = 0.0, deed: Deed = HELLO) -> PlannedStep:
    return PlannedStep(when=when, after_s=after_s, deed=deed)


class Scene:
    """A party, and the ticks in which it did something."""

    def __init__(self, plan: Plan) -> None:
        self.party = Party(plan, answered_s=ANSWERED_S)
        self.ticks = 0
        self.deeds: dict[int, Moment] = {}

    def hear(self, *, agent: str) -> None:
        """Tick once for every character: ``#`` is the agent's sound, anything else silence."""
        for sound in agent:
            now_s = ANSWERED_S + self.ticks * 0.02
            moment = self.party.tick(now_s, agent_is_loud=sound == "#")
            if moment != LISTENS:
                self.deeds[self.ticks] = moment
            self.ticks += 1


def first(moments: dict[int, Moment]) -> int:
    return min(moments)


def test_a_party_without_steps_listens_for_ever() -> None:
    scene = Scene(Plan())

    scene.hear(agent=("#" * 100 + "." * 100) * 20)

    assert scene.deeds == {}


def test_a_party_hangs_up_when_its_time_is_over() -> None:
    scene = Scene(Plan(hangs_up_after_s=0.5))

    scene.hear(agent="." * 26)

    assert scene.deeds == {25: HANGS_UP}


def test_a_step_after_the_answer_needs_no_agent() -> None:
    scene = Scene(Plan(steps=(step("answered", after_s=0.2),), hang_up_when_done=False))

    scene.hear(agent="." * 20)

    assert [(tick, moment.frame[0]) for tick, moment in scene.deeds.items()] == [(10, 1), (11, 2)]


def test_the_agent_has_stopped_when_it_was_silent_for_400_ms() -> None:
    scene = Scene(Plan(steps=(step("agent-stops", after_s=0.1),), hang_up_when_done=False))

    scene.hear(agent="..###" + "." * 19 + "#" + "." * 30)

    # The last sound ends with tick 24; 400 ms and 100 ms are 25 ticks more.
    assert first(scene.deeds) == 25 + 20 + 5


def test_an_agent_that_never_spoke_has_not_stopped() -> None:
    scene = Scene(Plan(steps=(step("agent-stops"),)))

    scene.hear(agent="." * 1000)

    assert scene.deeds == {}


def test_a_party_interrupts_when_the_agent_has_spoken_for_a_while() -> None:
    scene = Scene(Plan(steps=(step("agent-speaks", after_s=1.0),), hang_up_when_done=False))

    scene.hear(agent="....." + "#" * 100)

    assert first(scene.deeds) == 5 + 50


def test_an_agent_that_fell_silent_during_the_partys_words_has_not_answered_them() -> None:
    steps = (step("agent-speaks", after_s=0.1), step("agent-stops"))
    scene = Scene(Plan(steps=steps, hang_up_when_done=False))

    scene.hear(agent="#" * 6 + "." * 100)
    before = set(scene.deeds)
    scene.hear(agent="###" + "." * 21)

    assert before == {5, 6}
    assert set(scene.deeds) - before == {6 + 100 + 3 + 20}


def test_an_agent_that_speaks_on_over_the_partys_words_is_heard_out() -> None:
    steps = (step("agent-speaks", after_s=0.1), step("agent-stops"))
    scene = Scene(Plan(steps=steps, hang_up_when_done=False))

    scene.hear(agent="#" * 50 + "." * 22)

    assert set(scene.deeds) == {5, 6, 50 + 20, 50 + 21}


def test_an_answer_may_begin_in_the_silence_at_the_end_of_the_partys_sound() -> None:
    steps = (step("answered", deed=TRAILING), step("agent-speaks", after_s=1.0))
    scene = Scene(Plan(steps=steps, hang_up_when_done=False))

    scene.hear(agent="." * 20 + "#" * 60)

    assert [tick for tick, moment in scene.deeds.items() if moment.frame[0] == 2] == [20 + 51]


def test_an_answer_may_even_end_in_the_silence_at_the_end_of_the_partys_sound() -> None:
    steps = (step("answered", deed=TRAILING), step("agent-stops"))
    scene = Scene(Plan(steps=steps, hang_up_when_done=False))

    scene.hear(agent="..##" + "." * 40)

    assert [tick for tick, moment in scene.deeds.items() if moment.frame[0] == 2] == [26 + 1]


def test_steps_wait_for_one_another() -> None:
    steps = (step("answered", after_s=0.2), step("answered"))
    scene = Scene(Plan(steps=steps, hang_up_when_done=False))

    scene.hear(agent="." * 50)

    assert [moment.frame[0] for moment in scene.deeds.values()] == [1, 2, 1, 2]
    assert list(scene.deeds) == [10, 11, 12, 13]


def test_digits_are_pressed_with_their_frames() -> None:
    keys = PlaySound(frames=(SILENT_FRAME,) * 14, digits={0: "1", 12: "#"}, loud_until=14)
    scene = Scene(Plan(steps=(step("answered", deed=keys),), hang_up_when_done=False))

    scene.hear(agent="." * 20)

    assert {tick: moment.digits for tick, moment in scene.deeds.items()} == {0: "1", 12: "#"}


def test_a_step_can_be_to_hang_up() -> None:
    scene = Scene(Plan(steps=(step("agent-stops", after_s=0.2, deed=HangUp()),)))

    scene.hear(agent="#" + "." * 31)

    assert scene.deeds == {1 + 20 + 10: HANGS_UP}


def test_a_party_that_is_done_hangs_up_when_its_last_words_are_answered() -> None:
    scene = Scene(Plan(steps=(step("answered"),)))

    scene.hear(agent=".." + "." * 50 + "#" * 100 + "." * 21)

    assert [tick for tick, moment in scene.deeds.items() if moment.hangs_up] == [172]


def test_a_party_that_is_done_does_not_wait_for_ever() -> None:
    scene = Scene(Plan(steps=(step("answered"),)))

    scene.hear(agent="." * 753)

    # Two frames of its own, then 15 s.
    assert [tick for tick, moment in scene.deeds.items() if moment.hangs_up] == [752]


def test_a_party_that_is_done_hears_the_agent_out() -> None:
    scene = Scene(Plan(steps=(step("answered"),)))

    scene.hear(agent="." * 700 + "#" * 300 + "." * 21)

    assert [tick for tick, moment in scene.deeds.items() if moment.hangs_up] == [1020]


def test_a_party_may_stay_although_it_is_done() -> None:
    scene = Scene(Plan(steps=(step("answered"),), hang_up_when_done=False))

    scene.hear(agent="." * 2000)

    assert set(scene.deeds) == {0, 1}


@pytest.mark.parametrize(
    ("dbfs", "loud"), [(-20.0, True), (-40.0, True), (-47.0, True), (-53.0, False), (-70.0, False)]
)
def test_sound_is_loud_above_about_minus_50_dbfs(dbfs: float, loud: bool) -> None:
    from voicecalld.audio.g711 import mulaw_encode

    peak = 32768 * 10 ** (dbfs / 20) * math.sqrt(2)
    pcm = b"".join(
        round(peak * math.sin(0.5 * n)).to_bytes(2, "little", signed=True) for n in range(160)
    )

    assert is_loud(mulaw_encode(pcm)) is loud


def test_silence_is_not_loud_and_a_tone_is() -> None:
    assert not is_loud(SILENT_FRAME)
    assert not is_loud(b"\x7f" * 160)
    assert is_loud(beep(440, 100)[160:320])
