import math
from pathlib import Path

import pytest

from tests.fakes.voice import ToneVoice, tone_for
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.errors import BadScriptError, ServiceError
from voicecalld.exchange.party import HangUp, Plan, PlaySound
from voicecalld.exchange.planning import GREETING, build_plan, load_phone
from voicecalld.phone_settings import PhoneScript, PhoneSettings, Step


async def plan(phone: PhoneSettings, voice: ToneVoice | None = None) -> Plan:
    return await build_plan(await load_phone(phone), ToneVoice() if voice is None else voice)


def sound_of(deed: object) -> bytes:
    assert isinstance(deed, PlaySound)
    return b"".join(deed.frames)


async def test_a_telephone_without_settings_has_nothing_to_do() -> None:
    assert await plan(PhoneSettings()) == Plan()


async def test_every_step_is_planned_with_its_sound() -> None:
    steps = (
        Step(say="hi", when="agent-speaks", after_ms=1500),
        Step(press="1"),
        Step(hang_up=True),
    )

    planned = await plan(PhoneSettings(steps=steps, hangs_up_after_ms=2500, record="x.wav"))

    first, second, third = planned.steps
    assert (first.when, first.after_s) == ("agent-speaks", 1.5)
    assert sound_of(first.deed).startswith(tone_for("hi"))
    assert isinstance(second.deed, PlaySound)
    assert second.deed.digits == {0: "1"}
    assert third.deed == HangUp()
    assert (planned.hangs_up_after_s, planned.record) == (2.5, Path("x.wav"))


async def test_words_without_sound_take_a_moment_all_the_same() -> None:
    planned = await plan(PhoneSettings(steps=(Step(say=" "),)))

    assert sound_of(planned.steps[0].deed) == SILENT_FRAME


async def test_a_broken_voice_is_told() -> None:
    with pytest.raises(ServiceError):
        await plan(PhoneSettings(steps=(Step(say="hi"),)), ToneVoice(fails_on=("hi",)))


async def test_the_settings_of_a_telephone_win_over_its_script(tmp_path: Path) -> None:
    path = tmp_path / "script.toml"
    path.write_text("hang_up_when_done = false\nrecord = 'a.wav'\n[[steps]]\nsay = 'hi'\n")
    own = str(tmp_path / "own.wav")

    planned = await plan(PhoneSettings(script=str(path), record=own))

    assert planned.record == Path(own)
    assert not planned.hang_up_when_done
    assert len(planned.steps) == 1


async def test_a_machine_greets_beeps_and_hangs_up_after_half_a_minute() -> None:
    planned = await plan(PhoneSettings(behaviour="machine"))

    greeting, beep = planned.steps
    assert sound_of(greeting.deed).startswith(tone_for(GREETING))
    assert len(sound_of(beep.deed)) == 4000
    assert planned.hangs_up_after_s == 30.0
    assert not planned.hang_up_when_done


async def test_a_machine_with_steps_of_its_own_does_those() -> None:
    planned = await plan(PhoneSettings(behaviour="machine", steps=(Step(say="Leave me alone."),)))

    assert len(planned.steps) == 1
    assert planned.hangs_up_after_s == math.inf


async def test_a_sound_that_is_missing_is_named_with_its_step(tmp_path: Path) -> None:
    path = tmp_path / "none.wav"
    script = PhoneScript(steps=(Step(say="hi"), Step(wav=str(path))))

    with pytest.raises(BadScriptError, match=r"^step 2: .*none\.wav: No such file"):
        await plan(PhoneSettings(**script.model_dump()))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (".", "is a folder, not a file"),
        ("none/call.wav", "its folder does not exist"),
        ("x" * 300, "File name too long"),
    ],
)
async def test_a_recording_that_cannot_be_is_refused_before_anything_rings(
    tmp_path: Path, name: str, problem: str
) -> None:
    record = str(tmp_path / name)

    with pytest.raises(BadScriptError) as caught:
        await plan(PhoneSettings(record=record))

    assert str(caught.value) == f"record: {record}: {problem}"
