"""The demo for real: a daemon in a process, a telephone call in its own time, a recording.

It takes as long as the call, which is the point of it; see `tests/conftest.py`.
"""

import io
import os
import re
import signal
import subprocess
import wave
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.running_demo import DEMO_COMMAND, RunningDemo
from voicecalld.demo.__main__ import run
from voicecalld.demo.call import read_script
from voicecalld.phrases import DEFAULT_PHRASES


@pytest.fixture(scope="module")
def shown(running_demo: RunningDemo) -> tuple[int, str, Path]:
    """Exit status, output and recording of one demo, watched by several tests."""
    output = running_demo.output()
    return running_demo.process.returncode, output, running_demo.record


def test_the_demo_is_pleased_with_its_call(shown: tuple[int, str, Path]) -> None:
    status, output, _record = shown

    assert (status, output.splitlines()[-1]) == (0, "The conversation went as it should.")


def test_the_transcript_ends_the_interrupted_answer_where_it_was_cut(
    shown: tuple[int, str, Path],
) -> None:
    _status, output, _record = shown

    said = " ".join(output.partition("Transcript:")[2].split())

    answer = re.search(r"agent (You asked when the office is open\..*?) callee", said)
    assert answer is not None
    assert answer[1].endswith("\N{EM DASH} (cut short)")
    assert "holidays we are closed" not in answer[1]


def test_the_audience_sees_the_interruption_before_the_next_question(
    shown: tuple[int, str, Path],
) -> None:
    _status, output, _record = shown

    places = [output.index(words) for words in ("opening hours", "barge-in", "what time is it")]

    assert places == sorted(places)


def test_every_answer_has_all_its_stages_in_the_table(shown: tuple[int, str, Path]) -> None:
    _status, output, _record = shown

    rows = re.findall(r"^ +\d+((?: +\d+){7})$", output, re.MULTILINE)

    assert len(rows) == len(read_script())


def test_the_call_is_drawn_where_it_was_wanted(shown: tuple[int, str, Path]) -> None:
    _status, _output, record = shown

    drawing = ET.parse(record.with_suffix(".svg"))  # noqa: S314 - our own text

    said = "".join(drawing.getroot().itertext())
    assert all(words in said for words in read_script())


def test_the_recording_is_as_long_as_the_call_and_stays(shown: tuple[int, str, Path]) -> None:
    _status, output, record = shown

    with wave.open(str(record), "rb") as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, 8000)
        assert sound.getnframes() > 20 * 8000
    assert str(record) in output.replace("\n", "")


def test_a_signal_ends_the_demo_and_its_daemon(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        DEMO_COMMAND, stdout=subprocess.PIPE, text=True, env=environment
    ) as demo:
        assert demo.stdout is not None
        lines = iter(demo.stdout.readline, "")
        ready = next(line for line in lines if line.startswith("Process"))
        next(line for line in lines if "the agent speaks" in line)

        demo.send_signal(signal.SIGINT)
        rest = "".join(lines)

    assert demo.returncode == 130
    assert "Stopped" in rest
    with pytest.raises(ProcessLookupError):
        os.kill(int(ready.split()[1]), 0)
    assert [file.suffix for file in tmp_path.iterdir()] == [".wav"]


def test_a_demo_whose_recording_cannot_be_written_fails_with_the_reason() -> None:
    stream = io.StringIO()

    status = run(["--record", "/nowhere/call.wav"], stream)

    assert status == 1
    assert "FAILED" in stream.getvalue()


def test_the_callee_says_only_what_the_transcriber_knows() -> None:
    assert set(read_script()) <= set(DEFAULT_PHRASES)
