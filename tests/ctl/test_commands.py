import json
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
import structlog

from tests.ctl.running import (
    Ended,
    run_ctl,
    run_main,
)
from tests.fakes.control_parties import FINISHED, FakeReply, Office
from voicecalld.call.record import Mode
from voicecalld.control.parties import RingOutcome
from voicecalld.control.server import ControlServer
from voicecalld.ctl import commands
from voicecalld.ctl.commands import COMMANDS
from voicecalld.errors import NoDaemonError, RefusedError, VoicecallError
from voicecalld.rpc.methods import METHODS

METHODS_WITHOUT_COMMAND = {"voice_call"}  # the agents' tool; it may only get shorter

CALL = ("--call-id", "mock-0")


def test_every_method_has_a_command_or_a_reason() -> None:
    used = {method for command in COMMANDS.values() for method in command.methods}

    assert used | METHODS_WITHOUT_COMMAND == METHODS.keys()
    assert not used & METHODS_WITHOUT_COMMAND


async def test_a_call_is_ordered_with_every_option(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--to", "+15550100", "--mode", "notify", "--idempotency-key", "k")
    carrier = ("--provider", "plivo")

    ended = await run_ctl(office, capsys, "call", "--message", "Hello.", *options, *carrier)

    assert ended == Ended(status=0, out="call call-1 is placed\n", err="")
    assert office.calls.asked == [("place", "+15550100", "Hello.", Mode.NOTIFY, "plivo", "k")]


@pytest.mark.parametrize(
    ("argv", "asked", "out"),
    [
        (("speak", *CALL, "--message", "Bye."), ("speak", "mock-0", "Bye."), "heard\n"),
        (
            ("speak", *CALL, "--message", "Well..."),
            ("speak", "mock-0", "Well..."),
            "interrupted after: Well...\n",
        ),
        (("dtmf", *CALL, "--digits", "1#"), ("press", "mock-0", "1#"), "done\n"),
        (("end", *CALL), ("end", "mock-0"), "done\n"),
        (("continue", *CALL, "--message", "So?"), ("continue", "mock-0", "So?"), "Yes, please.\n"),
    ],
)
async def test_commands_on_a_call_do_what_they_say(
    office: Office,
    capsys: pytest.CaptureFixture[str],
    argv: tuple[str, ...],
    asked: tuple[str, ...],
    out: str,
) -> None:
    office.calls.reply.set()

    ended = await run_ctl(office, capsys, *argv)

    assert ended == Ended(status=0, out=out, err="")
    assert office.calls.asked == [asked]


async def test_keys_are_the_answer_of_somebody_who_says_nothing(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.calls.words = FakeReply(text="", digits="42")
    office.calls.reply.set()

    ended = await run_ctl(office, capsys, "continue", *CALL, "--message", "Your number?")

    assert ended.out == "42\n"


async def test_a_callers_words_cannot_drive_the_terminal(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.calls.words = FakeReply(text="\x1b]0;owned\x07 \x9b2J \u202eabc\nné", digits="")
    office.calls.reply.set()

    ended = await run_ctl(office, capsys, "continue", *CALL, "--message", "So?")

    assert ended.out == "\\x1b]0;owned\\x07 \\x9b2J \\u202eabc\\nné\n"


async def test_living_calls_are_a_table(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "status")

    assert ended.out.splitlines() == [
        "CALL    STARTED              LASTED  PROVIDER  DIRECTION  FROM          TO         STATE",
        (
            "call-1  2027-01-15 08:00:00  -       mock      "
            "outbound   +15550000000  +15550100  listening"
        ),
    ]


async def test_finished_calls_say_how_long_they_lasted(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "list", "--limit", "2")

    assert ended.out.splitlines()[2].split()[3] == "1:05"


async def test_a_table_tells_why_a_call_was_refused_and_that_its_caller_was_anonymous(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = replace(FINISHED, from_number="", end_cause="the caller is unknown")
    office.journal.records = [refused]

    listed = await run_ctl(office, capsys, "list")
    shown = await run_ctl(office, capsys, "status", *CALL)

    assert listed.out.splitlines()[1].split(maxsplit=6)[6] == (
        "anonymous  +15550100  hangup-user: the caller is unknown"
    )
    lines = dict(line.split(":", 1) for line in shown.out.splitlines())
    assert lines["endCause"].strip() == "the caller is unknown"
    assert lines["from"].strip() == "anonymous"


async def test_no_calls_are_said_to_be_none(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.journal.records = []

    ended = await run_ctl(office, capsys, "list")

    assert ended.out == "no calls\n"


async def test_one_call_is_shown_member_by_member(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "status", *CALL)

    lines = dict(line.split(":", 1) for line in ended.out.splitlines())
    assert lines["endReason"].strip() == "hangup-user"
    assert lines["endedAt"].strip() == "2027-01-15 08:01:06"
    assert lines["latency"].strip() == "turns: 2, lastMs: 900.0, p50Ms: 800.0, p95Ms: 900.0"


async def test_a_call_that_nobody_knows_is_a_failure(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "status", "--call-id", "unknown")

    assert ended == Ended(status=1, out="", err="voicecallctl: no call has this id\n")


async def test_a_transcript_is_a_dialogue(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "transcript", *CALL)

    assert ended.out.splitlines() == [
        "2027-01-15 08:00:02  bot   Hello! How can I  (interrupted)",
        "2027-01-15 08:00:04  user  Hi.",
    ]


async def test_the_version_is_that_of_both_programs(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "version")

    first, second = ended.out.splitlines()
    assert first.startswith("voicecallctl ")
    assert second == (
        f"voicecalld 1.2.3 at {office.path}, process 42, provider mock, since 2027-01-15 08:00:00"
    )


async def test_the_version_tells_which_urls_carriers_call_and_where_the_daemon_listens(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "https://voice.example.com/voice/webhook"
    webhooks = {"twilio": url, "plivo": f"{url}/plivo"}
    identity = replace(
        office.service.identity, provider="twilio", address="127.0.0.1:3334", webhooks=webhooks
    )
    office.service = replace(office.service, identity=identity)
    office.server = ControlServer(office.service)

    ended = await run_ctl(office, capsys, "version")

    assert ended.out.splitlines()[2:] == [
        f"webhooks of twilio: {url}",
        f"webhooks of plivo: {url}/plivo",
        "it listens for carriers at 127.0.0.1:3334",
    ]


def test_the_version_needs_no_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none"

    status = run_main(["--socket", str(path), "version"])

    assert status == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("voicecallctl ")
    assert second.startswith(f"no daemon answers at {path}; start one")


async def test_the_version_of_a_daemon_that_refuses_is_not_taken_for_that_of_none(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.server = ControlServer(office.service, peer_uid=lambda _sock: 12345)

    with structlog.testing.capture_logs():
        ended = await run_ctl(office, capsys, "version")

    assert ended.status == 1
    first, second = ended.out.splitlines()
    assert first.startswith("voicecallctl ")
    assert second == "only root and the daemon's own user may control it"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (RefusedError("only its own user may use the socket /s"), 1, "only its own user"),
        (NoDaemonError("not voicecalld, but something else at /s"), 0, "something else at /s"),
    ],
)
def test_why_the_daemons_version_is_not_known_is_told_to_programs(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: VoicecallError,
    status: int,
    reason: str,
) -> None:
    def refuse(_paths: object) -> NoReturn:
        raise error

    monkeypatch.setattr(commands, "connect", refuse)

    assert run_main(["--json", "version"]) == status

    document = json.loads(capsys.readouterr().out)
    assert document["daemon"] is None
    assert reason in document["reason"]


async def test_a_mock_call_is_reported_when_it_is_over(
    office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(office.path.parent)

    ended = await run_ctl(
        office, capsys, "mock", "ring", "--from", "+15550100", "--wav", "a.wav", "--record", "/b"
    )

    assert office.ringer.rung[0]["wav"] == str(office.path.parent / "a.wav")
    assert office.ringer.rung[0]["record"] == "/b"
    lines = ended.out.splitlines()
    assert ended.status == 0
    assert lines[0] == "2027-01-15 08:00:00  #1  call-0  call.ringing"
    assert lines[2].endswith("user  Hi.")
    assert lines[4].startswith("STAGE")
    assert lines[-1] == "call call-0 is over: hangup-user"


async def test_a_mock_call_in_json_is_one_document(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(
        office, capsys, "mock", "--json", "ring", "--from", "anonymous", "--say", "Hi."
    )

    document = json.loads(ended.out)
    assert document.keys() == {
        "accepted", "callId", "endReason", "events", "utterances", "turns", "stages",
    }  # fmt: skip
    assert [event["event"] for event in document["events"]] == ["call.ringing"]


async def test_a_mock_call_that_is_not_taken_is_a_failure(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.ringer.outcome = RingOutcome(accepted=False, reason="inbound calls are disabled")

    ended = await run_ctl(office, capsys, "mock", "ring", "--from", "anonymous", "--say", "Hi.")

    assert ended.status == 1
    assert ended.out == "the call was not taken: inbound calls are disabled\n"
