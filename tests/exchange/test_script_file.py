import os
from pathlib import Path

import pytest

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.wav import render_wav
from voicecalld.errors import BadScriptError
from voicecalld.exchange.script_file import (
    LARGEST_SCRIPT_BYTES,
    LARGEST_SOUND_BYTES,
    read_script_file,
    read_sound,
)
from voicecalld.phone_settings import PhoneScript, Step

GOOD = """
record = "out/call.wav"
hangs_up_after_ms = 60000
hang_up_when_done = false

[[steps]]
say = "Hello?"
when = "answered"

[[steps]]
wav = "yes.wav"
after_ms = 1000

[[steps]]
wav = "/absolute.wav"

[[steps]]
hang_up = true
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "script.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_script_is_read_with_its_paths_taken_from_its_folder(tmp_path: Path) -> None:
    script = await read_script_file(write(tmp_path, GOOD))

    assert script == PhoneScript(
        steps=(
            Step(say="Hello?", when="answered"),
            Step(wav=str(tmp_path / "yes.wav"), after_ms=1000),
            Step(wav="/absolute.wav"),
            Step(hang_up=True),
        ),
        record=str(tmp_path / "out" / "call.wav"),
        hangs_up_after_ms=60_000,
        hang_up_when_done=False,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("steps = 3", "script.toml: steps: found 3, allowed: an array of"),
        (
            '[[steps]]\nsay = "a"\n[[steps]]\nafter_ms = 1',
            "script.toml: steps, item 2: a step has",
        ),
        ("[[steps]]\npress = '5x'", 'script.toml: steps, item 1.press: found "5x": not keys of a'),
        (
            "[[steps]]\nsay = 'a'\nwhen = 'never'",
            'script.toml: steps, item 1.when: found "never", allowed: "answered", "agent-st',
        ),
        (
            "[[steps]]\nsay = 'a'\nafter_ms = -1",
            "steps, item 1.after_ms: found -1, allowed: a whole number from 0 to 600000 (millis",
        ),
        (
            "[[steps]]\nsay = 'a'\nwhere = 1",
            'steps, item 1.where: unknown key; did you mean "when"?',
        ),
        ("tape = 'x'", "script.toml: tape: unknown key"),
        ("hang_up = true", 'script.toml: hang_up: unknown key; did you mean "hang_up_when_done"?'),
        # It is a key of a telephone, but not of a script.
        ("behavior = 'machine'", "script.toml: behavior: unknown key"),
        ("not toml", "script.toml: line 1, column 1: "),
        ("x = " + "[" * 100_000, "script.toml: line 1, column "),
    ],
)
async def test_a_wrong_script_is_complained_of_by_file_and_key(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = write(tmp_path, text)

    with pytest.raises(BadScriptError) as caught:
        await read_script_file(path)

    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    if complaint.endswith("unknown key"):
        assert str(caught.value).endswith(complaint)  # and nothing is suggested


async def test_all_mistakes_are_told_at_once_one_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, "tape = 'x'\nhangs_up_after_ms = -1")

    with pytest.raises(BadScriptError) as caught:
        await read_script_file(path)

    assert len(str(caught.value).splitlines()) == 2


async def test_a_script_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScriptError, match=r"none\.toml: No such file"):
        await read_script_file(tmp_path / "none.toml")


async def test_a_script_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "script.toml").write_bytes(b"#\n\xff\xfe")

    with pytest.raises(BadScriptError, match=r"script\.toml: line 2: not UTF-8 text"):
        await read_script_file(tmp_path / "script.toml")


def test_a_sound_becomes_mulaw_at_8_khz(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(render_wav([bytes(2 * 16_000)], 16_000))

    assert read_sound(path) == b"\xff" * SAMPLE_RATE_HZ


def test_a_sound_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(b"noise")

    with pytest.raises(BadScriptError, match=r"sound\.wav: not a WAV file"):
        read_sound(path)


def test_a_sound_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScriptError, match=r"none\.wav: No such file"):
        read_sound(tmp_path / "none.wav")
    with pytest.raises(BadScriptError, match="embedded null byte"):
        read_sound(tmp_path / "a\0b")


async def test_an_endless_file_is_not_read() -> None:
    with pytest.raises(BadScriptError, match=r"^/dev/zero: not a regular file$"):
        await read_script_file(Path("/dev/zero"))
    with pytest.raises(BadScriptError, match=r"^/dev/zero: not a regular file$"):
        read_sound(Path("/dev/zero"))


async def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(BadScriptError, match="pipe: not a regular file"):
        await read_script_file(tmp_path / "pipe")


async def test_a_script_may_have_a_mebibyte_and_no_byte_more(tmp_path: Path) -> None:
    path = write(tmp_path, "#" * LARGEST_SCRIPT_BYTES)
    assert await read_script_file(path) == PhoneScript()

    path.write_text("#" * (LARGEST_SCRIPT_BYTES + 1))

    with pytest.raises(BadScriptError, match=r"script\.toml: larger than 1024 KiB"):
        await read_script_file(path)


def test_a_sound_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with path.open("wb") as file:
        file.truncate(LARGEST_SOUND_BYTES + 1)

    with pytest.raises(BadScriptError, match=r"sound\.wav: larger than"):
        read_sound(path)
