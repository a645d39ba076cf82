import json
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

import voicecalld
from tests.ctl.running import Ended, run_ctl, run_main
from tests.fakes.control_parties import NOON_UNIX_S, Office
from voicecalld.control.parties import Health
from voicecalld.control.server import ControlServer
from voicecalld.ctl import setup
from voicecalld.ctl.screen import Screen
from voicecalld.errors import RefusedError
from voicecalld.net.service_guard import ServiceHealth, ServiceState

SINCE = "2027-01-15 08:00:00"


def service_of(state: ServiceState, reason: str = "", *, successes: int = 0) -> ServiceHealth:
    return ServiceHealth(
        provider="openai",
        state=state,
        since_unix_s=NOON_UNIX_S,
        reason=reason,
        successes=successes,
        failures=0,
    )


@pytest.fixture
def office(office: Office) -> Office:
    """A daemon as old as this program."""
    identity = replace(
        office.service.identity, version=voicecalld.__version__, config="/etc/voicecalld.toml"
    )
    office.server = ControlServer(replace(office.service, identity=identity))
    office.health = Health(
        services={"agent": service_of(ServiceState.OK, successes=1)}, refused={"mock": 0}
    )
    return office


async def test_all_that_works_is_told(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    ended = await run_ctl(office, capsys, "setup")

    assert ended == Ended(
        status=0,
        out=(
            f"ok       daemon: {voicecalld.__version__}, process 42, at {office.path}\n"
            "ok       configuration: /etc/voicecalld.toml\n"
            "ok       carrier: mock, by default\n"
            f"ok       agent: openai, ok since {SINCE}\n"
            "ok       journal: ok\n"
        ),
        err="",
    )


async def test_a_service_that_was_never_asked_is_not_said_to_work(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.health = Health(services={"agent": service_of(ServiceState.OK)})

    ended = await run_ctl(office, capsys, "setup")

    assert ended.status == 0
    assert f"ok       agent: openai, reachable since {SINCE}, not yet used\n" in ended.out


async def test_a_service_that_does_not_work_is_told_with_what_may_be_done(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ServiceState.NOT_STARTED
    office.health = Health(services={"synthesizer": service_of(state, "no engine")})

    ended = await run_ctl(office, capsys, "setup")

    assert ended.status == 1
    assert (
        f"PROBLEM  synthesizer: openai, not started since {SINCE}: no engine\n"
        "         it is tried again; check the table [tts.openai] of the configuration\n"
    ) in ended.out


async def test_a_journal_that_cannot_be_written_is_a_problem(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.health = Health(journal_failure="disk full")

    ended = await run_ctl(office, capsys, "setup")

    assert ended.status == 1
    assert "PROBLEM  journal: disk full\n" in ended.out


async def test_webhooks_that_were_refused_are_told_but_no_failure(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = replace(
        office.service.identity,
        version=voicecalld.__version__,
        provider="mock",
        webhooks={"twilio": "https://here.example/w"},
    )
    office.server = ControlServer(replace(office.service, identity=identity))
    office.health = Health(refused={"twilio": 3})

    ended = await run_ctl(office, capsys, "setup")

    assert ended.status == 0
    assert (
        "ok       carrier: twilio; its webhooks go to https://here.example/w; "
        "3 webhooks in its name were refused\n"
    ) in ended.out
    assert "if calls do not come in" in ended.out


async def test_a_daemon_of_another_version_is_a_problem(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.server = ControlServer(office.service)

    ended = await run_ctl(office, capsys, "setup")

    assert ended.status == 1
    assert "PROBLEM  daemon: 1.2.3, process 42" in ended.out
    assert f"this program is {voicecalld.__version__}: restart the daemon" in ended.out


async def test_for_programs_there_is_one_document(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "--json", "setup")

    document = json.loads(ended.out)
    assert document["ok"] is True
    assert [check["name"] for check in document["checks"]] == [
        "daemon",
        "configuration",
        "carrier",
        "agent",
        "journal",
    ]


@pytest.mark.parametrize(
    ("status", "mark"), [(0, "ok       configuration"), (78, "PROBLEM  configuration")]
)
def test_without_a_daemon_the_configuration_is_checked_from_here(
    office: Office,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    mark: str,
) -> None:
    def check(argv: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert argv[1:] == ["-m", "voicecalld", "--check-config"]
        return subprocess.CompletedProcess(argv, status, stdout="here: one\n", stderr="two\n")

    monkeypatch.setattr(subprocess, "run", check)

    ended = run_main(["--socket", str(office.path), "setup"])

    out = capsys.readouterr().out
    assert ended == 1
    assert f"PROBLEM  daemon: no daemon answers at {office.path}" in out
    assert f"{mark}: here: one | two\n" in out


@pytest.mark.parametrize("error", [OSError("no"), subprocess.TimeoutExpired("voicecalld", 60.0)])
def test_a_configuration_that_cannot_be_checked_is_a_problem(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: Any) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", fail)

    assert setup.check_config()["ok"] is False


def test_a_daemon_that_hangs_is_a_problem_and_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "ANSWER_S", 0.01)
    path = str(tmp_path / "control.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()  # and nobody is ever heard

        ended = run_main(["--socket", path, "setup"])

    out = capsys.readouterr().out
    assert ended == 1
    assert "PROBLEM  daemon: it has taken the question, and does not answer" in out
    assert "it hangs: look at its log, and restart it" in out


def test_a_daemon_that_refuses_is_a_problem(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refusing:
        socket = SimpleNamespace(settimeout=lambda _seconds: None)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def call(self, method: str, _params: object) -> dict[str, Any]:
            if method == "daemon.health":
                raise RefusedError("there is no method daemon.health")
            return {"version": voicecalld.__version__, "pid": 1, "socket": "s"}

    result = setup.examine(Refusing)  # type: ignore[arg-type]  # all that is used of a client

    setup.show(result, Screen(sys.stdout))
    assert result["ok"] is False
    assert "PROBLEM  daemon: there is no method daemon.health\n" in capsys.readouterr().out
