"""The demo's own daemon: started apart from any other, and missed when it does not start."""

import os
import select
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from voicecalld.ctl.client import connect
from voicecalld.demo.daemon_process import (
    SHORT_FOLDER,
    STOP_S,
    OwnDaemon,
    build_environment,
    open_folder,
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


def test_the_demo_works_where_the_name_of_the_temporary_folder_is_too_long_for_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    with open_folder() as folder, open_notices(folder):
        mode = stat.S_IMODE(folder.stat().st_mode)
        owner = folder.stat().st_uid

    assert (mode, owner) == (0o700, os.getuid())
    assert not folder.exists()


def test_a_short_temporary_folder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", SHORT_FOLDER)

    with open_folder() as outer:
        monkeypatch.setattr(tempfile, "tempdir", str(outer))
        with open_folder() as folder:
            assert folder.parent == outer


def test_a_demo_that_can_make_no_folder_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")

    with pytest.raises(DemoFailedError, match="no folder can be made in /nowhere"), open_folder():
        pass


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
    print(daemon.process.pid, daemon.folder, flush=True)
    signal.pause()
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", demo]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        pid, _, folder = process.stdout.readline().decode().strip().partition(" ")
        daemon_fd = os.pidfd_open(int(pid))
        process.kill()

    # Readable once the process is gone.
    assert select.select([daemon_fd], [], [], STOP_S)[0]
    os.close(daemon_fd)
    shutil.rmtree(folder)


def test_a_daemon_that_does_not_end_well_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DemoFailedError, match="exit status -9"):
        run_a_daemon_that_is_killed(tmp_path / "call.wav")
