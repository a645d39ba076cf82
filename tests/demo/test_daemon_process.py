"""The demo's own daemon: started apart from any other, and missed when it does not start."""

from pathlib import Path

import pytest

from voicecalld.ctl.client import connect
from voicecalld.demo.daemon_process import (
    OwnDaemon,
    build_environment,
    open_notices,
    run_daemon,
    start,
    stop,
    wait_ready,
)
from voicecalld.errors import DemoFailedError


def test_a_daemon_that_does_not_start_is_noticed_and_its_reason_shown(tmp_path: Path) -> None:
    (tmp_path / "voicecalld.toml").write_text('colour = "blue"\n', encoding="utf-8")

    with open_notices(tmp_path) as notices:
        daemon = OwnDaemon(process=start(tmp_path), folder=tmp_path)
        with pytest.raises(DemoFailedError, match=r"(?s)exit status 78.*colour: unknown key"):
            wait_ready(daemon, notices)


def test_a_daemon_that_is_still_starting_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "voicecalld.toml").write_text("", encoding="utf-8")
    process = start(tmp_path)

    stop(process)

    assert process.returncode is not None


def test_the_daemon_is_told_nothing_that_was_meant_for_another_one() -> None:
    ours = {"HOME": "/home/jo", "VOICECALLD_SOCKET": "/run/x.sock", "LISTEN_FDS": "1"}

    environment = build_environment(ours, Path("/demo"))

    assert environment == {"HOME": "/home/jo", "NOTIFY_SOCKET": "/demo/notify.sock"}


def kill(daemon: OwnDaemon) -> None:
    daemon.process.kill()
    daemon.process.wait()


def ask_a_dead_daemon(record: Path) -> None:
    with run_daemon(record) as daemon, connect([daemon.socket_path]) as client:
        kill(daemon)
        client.call("daemon.info", {})


def run_a_daemon_that_is_killed(record: Path) -> None:
    with run_daemon(record) as daemon:
        kill(daemon)


def test_a_daemon_that_dies_during_the_call_is_reported_with_its_last_words(
    tmp_path: Path,
) -> None:
    with pytest.raises(DemoFailedError, match=r"(?s)has gone away.*ready"):
        ask_a_dead_daemon(tmp_path / "call.wav")


def test_a_daemon_that_does_not_end_well_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DemoFailedError, match="exit status -9"):
        run_a_daemon_that_is_killed(tmp_path / "call.wav")
