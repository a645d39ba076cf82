import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import pytest
import trio

from tests.ctl.running import (
    PLAIN_ENVIRONMENT,
    Ended,
    run_ctl,
    run_main,
    started_ctl,
)
from tests.fakes.control_parties import FakeReply, Office
from voicecalld.errors import BadParameterError, NoReplyError

CALL = ("--call-id", "mock-0")


async def test_json_is_safe_for_terminals_too(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.calls.words = FakeReply(text="\x9b2J é", digits="")
    office.calls.reply.set()

    ended = await run_ctl(office, capsys, "continue", *CALL, "--message", "So?", "--json")

    assert ended.out.isascii()
    assert json.loads(ended.out) == {"success": True, "transcript": "\x9b2J é"}


@pytest.mark.parametrize(
    "argv",
    [("list", "--json"), ("--json", "list"), ("--json", "list", "--json")],
)
async def test_json_is_understood_before_and_behind_the_command(
    office: Office, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...]
) -> None:
    ended = await run_ctl(office, capsys, *argv)

    assert [call["callId"] for call in json.loads(ended.out)["calls"]] == ["call-1", "call-0"]


@pytest.mark.parametrize(
    ("argv", "members"),
    [
        (("call", "--message", "m"), {"callId", "initiated"}),
        (("speak", *CALL, "--message", "m"), {"success", "heard", "interrupted"}),
        (("end", *CALL), {"success"}),
        (("status", *CALL), {"found", "call"}),
        (("transcript", *CALL), {"callId", "utterances"}),
        (("latency",), {"turns", "stages", "calls", "carriers"}),
        (("latency", *CALL), {"turns", "stages"}),
        (("timeline", *CALL), {"call", "utterances", "interruptions", "keys", "turns"}),
        (("version",), {"version", "daemon"}),
    ],
)
async def test_json_has_the_members_of_the_methods_result(
    office: Office,
    capsys: pytest.CaptureFixture[str],
    argv: tuple[str, ...],
    members: set[str],
) -> None:
    ended = await run_ctl(office, capsys, "--json", *argv)

    assert json.loads(ended.out).keys() == members


async def test_an_unknown_call_in_json_is_a_document_and_a_failure(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "status", "--call-id", "unknown", "--json")

    assert (ended.status, json.loads(ended.out)) == (1, {"found": False})


async def test_a_refusal_is_told_on_stderr(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.calls.error = NoReplyError("nothing was said in time")

    ended = await run_ctl(office, capsys, "continue", *CALL, "--message", "So?")

    assert ended == Ended(status=1, out="", err="voicecallctl: nothing was said in time\n")


async def test_every_mistake_in_a_script_is_told_on_a_line_of_its_own(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.calls.error = BadParameterError("a.toml: x: unknown key\na.toml: y\x1b: unknown key")

    ended = await run_ctl(office, capsys, "continue", *CALL, "--message", "So?")

    assert ended.err.splitlines() == [
        "voicecallctl: a.toml: x: unknown key",
        "voicecallctl: a.toml: y\\x1b: unknown key",
    ]


async def test_a_refusal_in_json_is_a_document_on_stderr(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.calls.error = NoReplyError("nothing was said in time")

    ended = await run_ctl(office, capsys, "continue", *CALL, "--message", "So?", "--json")

    assert (ended.status, ended.out) == (1, "")
    assert json.loads(ended.err) == {"error": {"code": 103, "message": "nothing was said in time"}}


def test_without_a_daemon_people_learn_where_it_was_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none"

    status = run_main(["list", "--socket", str(path)])

    assert status == 3
    assert f"no daemon answers at {path}; start one with `voicecalld`" in capsys.readouterr().err


def test_without_a_daemon_programs_get_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run_main(["list", "--json", "--socket", str(tmp_path / "none")])

    assert status == 3
    assert json.loads(capsys.readouterr().err)["error"].keys() == {"message"}


async def test_the_environment_names_the_daemon(
    office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECALLD_SOCKET", str(office.path))
    async with office.open():
        status = await trio.to_thread.run_sync(run_main, ["list"])

    assert status == 0


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["call"],
        ["call", "--message", "m", "--mode", "chat"],
        ["call", "--mess", "m"],
        ["list", "--limit", "0"],
        ["list", "--limit", "1.5"],
        ["tail", "--since", "-1"],
        ["tail", "--since", "\u0663"],
        ["mock"],
        ["mock", "ring", "--from", "anonymous"],
        ["mock", "ring", "--from", "anonymous", "--say", "a", "--wav", "b"],
    ],
)
def test_wrong_usage_is_status_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(argv) == 2
    assert "usage: voicecallctl" in capsys.readouterr().err


def run_process(
    *argv: str, out: TextIO | int = subprocess.PIPE, err: TextIO | int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv], env=PLAIN_ENVIRONMENT, stdout=out, stderr=err, text=True,
        check=False,
    )  # fmt: skip


def test_as_a_program_it_ends_with_the_exit_status(tmp_path: Path) -> None:
    ended = run_process("-m", "voicecalld.ctl.main", "--socket", str(tmp_path / "none"), "list")

    assert ended.returncode == 3
    assert ended.stdout == ""
    assert "no daemon answers" in ended.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "voicecallctl: cannot write: No space left on device\n"),
        (["--json"], '{"error": {"message": "cannot write: No space left on device"}}\n'),
    ],
)
def test_a_full_disk_is_told_in_one_line(
    tmp_path: Path, options: list[str], complaint: str
) -> None:
    argv = ["--socket", str(tmp_path / "none"), *options, "version"]

    with Path("/dev/full").open("w") as full:
        ended = run_process("-m", "voicecalld.ctl.main", *argv, out=full)

    assert (ended.returncode, ended.stderr) == (1, complaint)


def test_a_complaint_that_cannot_be_written_leaves_the_exit_status(tmp_path: Path) -> None:
    argv = ["--socket", str(tmp_path / "none"), "list"]

    with Path("/dev/full").open("w") as full:
        ended = run_process("-m", "voicecalld.ctl.main", *argv, err=full)

    assert ended.returncode == 3


@pytest.mark.parametrize(
    ("redirection", "command", "told", "status"),
    [
        (">&-", "version", "", 0),
        (">&-", "--help", "", 0),
        ("2>&-", "list", "", 3),
        ("2>&-", "nonsense", "", 2),
        ("<&-", "version", "voicecallctl", 0),
        ("<&- >&- 2>&-", "version", "", 0),
    ],
)
def test_a_closed_stream_is_one_that_nobody_reads(
    tmp_path: Path, redirection: str, command: str, told: str, status: int
) -> None:
    ctl = f"{sys.executable} -m voicecalld.ctl.main --socket {tmp_path / 'none'}"

    ended = subprocess.run(
        ["sh", "-c", f"exec {ctl} {command} {redirection}"],
        env=PLAIN_ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == status
    assert ended.stdout.startswith(told)
    assert bool(ended.stdout) == bool(told)
    assert ended.stderr == ""


async def test_a_reader_who_has_seen_enough_is_no_error(office: Office) -> None:
    async with office.open(), started_ctl(office, "tail") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        await office.journal.subscribed.wait()
        await process.stdout.aclose()
        office.journal.happen("call.active")

        assert await process.wait() == 0
        assert await process.stderr.receive_some() == b""


async def test_an_interrupted_command_ends_as_shells_expect(office: Office) -> None:
    argv = ("continue", *CALL, "--message", "So?")
    async with office.open(), started_ctl(office, *argv) as process:
        await office.calls.wait_waiting(1)
        process.send_signal(signal.SIGINT)

        assert await process.wait() == 130
        await office.calls.wait_abandoned(1)


def test_only_what_a_command_needs_is_loaded(tmp_path: Path) -> None:
    script = (
        "import sys; from voicecalld.ctl.main import main;"
        f"main(['--socket', {str(tmp_path / 'none')!r}, 'version']);"
        "print(*sys.modules, file=sys.stderr)"
    )

    loaded = set(run_process("-c", script).stderr.split())

    assert loaded & {
        "asyncio", "dataclasses", "datetime", "inspect", "logging", "pathlib", "pydantic", "rich",
        "structlog", "subprocess", "trio",
    } == set()  # fmt: skip
