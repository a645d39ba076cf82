"""A daemon whose services are not there when it starts: it says so, and rings nobody in vain."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.daemon_process import DaemonProcess, running_daemon
from tests.ports import reserved_port

# Each is a process of its own, so that this is half a minute and more; it is looked for sooner.
MOST_LOOKS = 200

CONFIG = """
provider = "mock"
[agent]
provider = "openai"
[agent.openai]
base_url = "http://127.0.0.1:{port}/v1"
model = "simulated"
"""


DEAF = """
provider = "mock"
[stt]
provider = "deepgram"
[stt.deepgram]
api_key = "sesame"
base_url = "ws://127.0.0.1:{port}"
"""

MUTE = DEAF.replace("[stt", "[tts").replace("ws:", "http:")


@contextmanager
def running_agent(port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.services.openai_chat", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def look(daemon: DaemonProcess) -> dict[str, Any]:
    """What is told of each part, by its name."""
    done = daemon.run_ctl("--json", "setup")
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["ok"] else 1)
    return {check["name"]: check for check in found["checks"]}


def test_a_service_that_is_down_is_told_until_it_comes_up(tmp_path: Path) -> None:
    with reserved_port() as port, running_daemon(tmp_path, CONFIG.format(port=port)) as daemon:
        down = look_until(daemon, "agent", "cannot be reached")
        with running_agent(port):
            up = look_until(daemon, "agent", "reachable since")
        status = daemon.stop()

    assert not down["agent"]["ok"]
    assert "[agent.openai]" in down["agent"]["advice"]
    assert down["synthesizer"]["ok"]
    assert down["transcriber"]["ok"]
    assert down["configuration"]["text"] == str(tmp_path / "voicecalld.toml")
    assert up["agent"]["ok"]
    assert status == 0


def look_until(daemon: DaemonProcess, kind: str, words: str) -> dict[str, Any]:
    """What is told when *words* are said of the service of this *kind*."""
    for _ in range(MOST_LOOKS):
        found = look(daemon)
        if words in found[kind]["text"]:
            return found
    raise AssertionError(f"never said of the {kind}: {words}")


@pytest.mark.parametrize(
    ("config", "kind", "notify_status"),
    [(DEAF, "transcriber", 0), (CONFIG, "agent", 0), (MUTE, "synthesizer", 1)],
)
def test_nobody_is_rung_without_a_service_that_the_call_needs_and_the_reason_is_told(
    config: str, kind: str, notify_status: int, tmp_path: Path
) -> None:
    with reserved_port() as port, running_daemon(tmp_path, config.format(port=port)) as daemon:
        look_until(daemon, kind, "cannot be reached")
        refused = daemon.run_ctl(*call("conversation"))
        notified = daemon.run_ctl(*call("notify"))
        daemon.stop()

    cause = rf"the {kind} \(\w+\) at 127\.0\.0\.1 cannot be reached: Connection refused"
    assert (refused.returncode, notified.returncode) == (1, notify_status)
    assert re.search(cause, refused.stderr)
    assert re.search(cause, daemon.log())
    assert "Traceback" not in daemon.log()


def call(mode: str) -> tuple[str, ...]:
    """What places a call in this mode."""
    return ("call", "--to", "+15550001111", "--message", "The door is open.", "--mode", mode)
