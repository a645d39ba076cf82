"""The script that makes .venv: what it says while somebody else is making it."""

import fcntl
import os
import select
import shutil
import signal
import subprocess
from pathlib import Path

CI = Path(__file__).parent.parent / ".ci"

PATIENCE_S = 30  # usually it speaks within milliseconds


def test_a_second_make_says_that_it_waits_for_the_first(tmp_path: Path) -> None:
    shutil.copytree(CI, tmp_path / ".ci")

    with (tmp_path / ".ci" / "requirements.txt").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [tmp_path / ".ci" / "environment"], stdout=subprocess.PIPE, text=True, process_group=0
        )
        assert second.stdout is not None
        with second, second.stdout:
            has_spoken = select.select([second.stdout], [], [], PATIENCE_S)[0]
            said = second.stdout.readline() if has_spoken else ""
            os.killpg(second.pid, signal.SIGKILL)

    assert said == "==> Waiting: another make is at work on .venv\n"
    assert not (tmp_path / ".venv").exists()
