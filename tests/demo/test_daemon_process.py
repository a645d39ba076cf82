"""The demo's own daemon: started apart from any other, and missed when it does not start."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from voicecalld.ctl.client import connect
from voicecalld.demo.daemon_process import (
    STOP_S,
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
    # The last words are whatever it logged; this it does before it is ready.
    with pytest.raises(DemoFailedError, match=r"(?s)has gone away.*not for real callers"):
        ask_a_dead_daemon(tmp_path / "call.wav")


def test_a_daemon_does_not_outlive_a_demo_that_was_killed(tmp_path: Path) -> None:
    demo = f"""
import signal
from pathlib import Path
from voicecalld.demo.daemon_process import run_daemon

with run_daemon(Path({str(tmp_path / "call.wav")!r})) as daemon:
    print(daemon.process.pid, flush=True)
    signal.pause()
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", demo]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        daemon_fd = os.pidfd_open(int(process.stdout.readline()))
        process.kill()

    # Readable once the process is gone.
    assert select.select([daemon_fd], [], [], STOP_S)[0]
    os.close(daemon_fd)


def test_a_daemon_that_does_not_end_well_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DemoFailedError, match="exit status -9"):
        run_a_daemon_that_is_killed(tmp_path / "call.wav")
