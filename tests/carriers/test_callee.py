from pathlib import Path

import pytest
from trio.testing import MockClock

from tests.carriers.callee import build_callee, prepare, read_callee
from tests.fakes.voice import ToneVoice, tone_for
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.errors import BadScriptError, ConfigError
from voicecalld.exchange.party import PlaySound


def test_a_file_says_who_answers_and_where_its_sounds_are(tmp_path: Path) -> None:
    file = tmp_path / "anna.toml"
    file.write_text('behaviour = "answers"\nanswers_after_ms = 1500\n[[steps]]\nwav = "hi.wav"\n')

    callee = read_callee(file)

    assert callee.answers_after_s == 1.5
    assert callee.phone.steps[0].wav == str(tmp_path / "hi.wav")


def test_a_file_with_a_mistake_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "anna.toml"
    file.write_text('behavior = "busy"\n')

    with pytest.raises(ConfigError, match=r'anna.toml: behavior: .*did you mean "behaviour"'):
        read_callee(file)


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "No such file"), (b"\xff", "not UTF-8 text")]
)
def test_a_file_that_cannot_be_read_is_refused(
    content: bytes | None, complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "anna.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(BadScriptError, match=f"anna.toml: {complaint}"):
        read_callee(file)


async def test_a_person_lets_on_what_it_says_but_not_what_it_presses(
    autojump_clock: MockClock,
) -> None:
    callee = build_callee(
        {"press": "1", "when": "answered", "after_ms": 0},
        {"say": "Hello", "when": "answered", "after_ms": 0},
    )
    person = (await prepare(callee, ToneVoice())).pick_up(0.0)
    speaking = []

    for tick in range(30):
        person.tick(tick * 0.02, agent_is_loud=False)
        speaking.append(person.speaking)

    # A key takes 250 ms, that is 12.5 frames; five letters of 40 ms are ten.
    assert speaking == 13 * [None] + 10 * [1] + 7 * [None]
    assert person.words_of(1) == "Hello"


async def test_a_given_sound_needs_no_file(autojump_clock: MockClock) -> None:
    sound = tone_for("Hello")
    callee = build_callee({"wav": "hello"}, sounds={"hello": sound})

    prepared = await prepare(callee, ToneVoice())

    deed = prepared.plan.steps[0].deed
    assert isinstance(deed, PlaySound)
    assert b"".join(deed.frames) == sound
    assert len(sound) % FRAME_BYTES == 0
