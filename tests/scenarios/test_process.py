"""The daemon as a process between carriers and the internet: its port, its end, its return."""

import json
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.daemon_process import starting_daemon
from tests.ports import reserved_port
from tests.scenarios.carriers import TWILIO, Carrier, each_carrier
from tests.scenarios.ends import LECTURE, NATIVE, ROWS, Ends, Returned, Terminated, play_all
from tests.scenarios.stage import LONGEST_S, PUBLIC_URL, open_stage, render_config


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    with reserved_port() as port, ExitStack() as stack:
        folders = [tmp_path_factory.mktemp("daemon") for _ in range(3)]
        settings = (("drain_seconds = 1", 0), (NATIVE, port), ("", 0))
        stages = [
            stack.enter_context(open_stage(folder, ROWS, more, port=at))
            for folder, (more, at) in zip(folders, settings, strict=True)
        ]
        return trio.run(play_all, stages, port)


@pytest.fixture
def terminated(ends: Ends) -> Terminated:
    assert ends.terminated is not None
    return ends.terminated


@pytest.fixture
def returned(ends: Ends) -> Returned:
    assert ends.returned is not None
    return ends.returned


@pytest.fixture
def paused(ends: Ends) -> Mapping[str, Any]:
    assert ends.paused is not None
    return ends.paused


@each_carrier
def test_a_daemon_that_is_terminated_ends_its_calls(
    carrier: Carrier, terminated: Terminated
) -> None:
    left = terminated.left[carrier.name]

    assert left.entry.status == carrier.completed
    assert carrier.hang_up.format(call=left.entry.call) in left.requests


def test_a_daemon_is_terminated_whoever_else_is_connected(terminated: Terminated) -> None:
    assert terminated.status == 0
    assert json.loads(terminated.log.splitlines()[-1])["event"] == "stopped"
    assert "Traceback" not in terminated.log
    assert "exception" not in terminated.log


@each_carrier
def test_a_daemon_that_returns_hangs_up_what_it_has_left(
    carrier: Carrier, returned: Returned
) -> None:
    left = returned.left[carrier.name]

    assert (left.entry.status, left.entry.cut_texts) == (carrier.completed, [LECTURE])
    assert carrier.hang_up.format(call=left.entry.call) in left.requests
    assert (left.call["state"], left.call["endReason"]) == ("error", "error")


def test_a_daemon_that_returns_answers_what_comes_once_more_as_before(returned: Returned) -> None:
    asked, again = returned.asked, returned.again

    assert (again.status, again.body) == (asked.status, asked.body)
    assert b"<Gather" in again.body


@each_carrier
def test_webhooks_that_are_answered_late_change_nothing(
    carrier: Carrier, paused: Mapping[str, Any]
) -> None:
    call, words = paused[carrier.name]

    assert words == [("bot", "Hello.")]
    assert call["endReason"] == "hangup-bot"


# --- a port ----------------------------------------------------------------------------


def test_a_daemon_whose_port_is_taken_says_so_and_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = render_config([TWILIO], "", port=port, api_ports={TWILIO.name: port})
        with starting_daemon(tmp_path, config, **TWILIO.secrets) as daemon:
            assert daemon.process.wait(timeout=LONGEST_S) == 1

    *_, complaint = daemon.log().splitlines()
    assert complaint.startswith(f"cannot listen at 127.0.0.1, port {port}")
    assert "Traceback" not in daemon.log()


def test_a_daemon_tells_at_which_port_it_is_found(tmp_path: Path) -> None:
    with open_stage(tmp_path, [TWILIO]) as stage:
        told = stage.daemon.ctl("version")["daemon"]["address"]
        ready = next(line for line in stage.daemon.log().splitlines() if '"ready"' in line)

    assert told.startswith("127.0.0.1:")
    assert json.loads(ready)["address"] == told
    assert json.loads(ready)["webhooks"] == {TWILIO.name: PUBLIC_URL}
