"""What the simulated carriers tell somebody who has started them in a wrong way."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.carriers.ledger import CallEntry, Complaint, Ledger
from tests.carriers.program import ProgramError, check_outcome
from tests.carriers.twilio.__main__ import main
from tests.ports import reserved_port

RING = ("--ring", "+12065550117", "--voice-url", "https://calls.example.test/voice/webhook")


@pytest.fixture
def busy_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


@pytest.fixture
def closed_port() -> Iterator[str]:
    with reserved_port() as port:
        yield str(port)


def run(*arguments: str) -> object:
    """The exit status of the program."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["twilio", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return ended.value.code


def test_a_port_in_use_is_told_in_one_line(
    busy_port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run("--port", busy_port)

    (line,) = capsys.readouterr().err.splitlines()
    assert status == 1
    assert line.startswith(f"python -m tests.carriers.twilio: cannot listen on port {busy_port}: ")
    assert line.endswith("Address already in use")


def test_a_callee_without_a_file_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nobody.toml"

    status = run("--port", "0", "--callee", str(file))

    told = capsys.readouterr().err
    assert status == 1
    assert told == f"python -m tests.carriers.twilio: {file}: No such file or directory\n"


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ('behavior = "busy"', 'unknown key; did you mean "behaviour"?'),
        ("[[steps]]\nwav = 'no.wav'", "No such file or directory"),
    ],
)
def test_a_mistake_of_a_callee_is_told_before_anybody_calls(
    script: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "anna.toml"
    file.write_text(script)

    status = run("--port", "0", "--callee", str(file))

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err.count("\n") == 1
    assert complaint in told.err


def test_a_place_that_cannot_be_written_is_told_before_anybody_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run("--port", "0", "--record", str(tmp_path / "missing"))

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err.startswith("python -m tests.carriers.twilio: cannot record in ")


@pytest.mark.parametrize("arguments", [("--port", "70000"), ("--connect-to", "127.0.0.1:70000")])
def test_a_port_that_none_can_have_is_a_mistake_of_the_command_line(
    arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2

    assert "a number up to 65535" in capsys.readouterr().err


def test_a_call_that_was_held_is_a_success_unless_the_carrier_has_to_complain() -> None:
    ledger = Ledger()
    entry = CallEntry(call="CA1", from_="", to="", direction="inbound", heard=bytearray(160))
    check_outcome(entry, ledger)

    ledger.complaints.append(Complaint(call="CA1", code=31920, text="no stream"))

    with pytest.raises(ProgramError, match="see its warnings"):
        check_outcome(entry, ledger)


def test_a_call_that_nobody_answers_is_a_failure(
    closed_port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at_once = ("--ring-after", "0")

    status = run("--port", "0", "--connect-to", f"127.0.0.1:{closed_port}", *RING, *at_once)

    told = capsys.readouterr()
    assert status == 1
    assert told.err == "python -m tests.carriers.twilio: the call was not answered: failed\n"
    assert "webhook completed was not answered" in told.out
