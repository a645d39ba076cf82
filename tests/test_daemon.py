"""The daemon as its operator meets it: a process with a socket, signals and an exit status."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon_process import (
    DaemonProcess,
    notify_socket,
    running_daemon,
    starting_daemon,
)
from voicecalld.daemon import find_control, main
from voicecalld.errors import StartError

CALLEE = "+15550100"

STAYS = "turn.silence_timeout_seconds = 0\n[mock]\nanswers_after_ms = 0\n"


def place(daemon: DaemonProcess, message: str = "Hello.", mode: str = "conversation") -> str:
    placed = daemon.ctl("call", "--to", CALLEE, "--message", message, "--mode", mode)
    call_id = placed["callId"]
    assert isinstance(call_id, str)
    return call_id


def wait_for_event(daemon: DaemonProcess, event: str) -> None:
    """Wait until *event* has happened on any call, then or before."""
    with socket.socket(socket.AF_UNIX) as client, client.makefile("rw") as lines:
        client.settimeout(60)
        client.connect(str(daemon.socket_path))
        params = {"since": 0}
        request = {"jsonrpc": "2.0", "id": 1, "method": "voicecall.subscribe", "params": params}
        print(json.dumps(request), file=lines, flush=True)
        while json.loads(lines.readline()).get("params", {}).get("event") != event:
            pass


def test_every_command_drives_a_running_daemon(tmp_path: Path) -> None:
    with running_daemon(tmp_path, f'inbound_policy = "open"\n{STAYS}') as daemon:
        call_id = place(daemon)
        wait_for_event(daemon, "call.listening")

        assert daemon.ctl("version")["daemon"]["name"] == "voicecalld"
        assert daemon.ctl("status", "--call-id", call_id)["found"] is True
        assert daemon.ctl("status")["calls"][0]["callId"] == call_id
        spoken = daemon.ctl("speak", "--call-id", call_id, "--message", "Good news.")
        assert spoken["success"] is True
        assert daemon.ctl("dtmf", "--call-id", call_id, "--digits", "12#") == {"success": True}
        assert daemon.ctl("end", "--call-id", call_id) == {"success": True}
        assert daemon.ctl("end", "--call-id", call_id) == {"success": True}
        refused = daemon.ctl("speak", "--call-id", call_id, "--message", "Too late.", status=1)
        assert "over" in json.dumps(refused)
        transcript = daemon.ctl("transcript", "--call-id", call_id)
        assert [spoken["text"] for spoken in transcript["utterances"]] == ["Hello.", "Good news."]
        rung = daemon.ctl("mock", "ring", "--from", "+15550177", "--say", "what time is it")
        assert "what time is it" in json.dumps(rung)
        assert daemon.ctl("latency")["turns"]
        assert len(daemon.ctl("list")["calls"]) == 2


def test_continue_returns_what_the_callee_said(tmp_path: Path) -> None:
    # The key is pressed when all of the message was heard: what is said then is the answer to
    # what comes next, however late that is asked.
    config = f"""
        outbound.notify_hangup_delay_seconds = 60
        {STAYS}
        [mock.phones."{CALLEE}"]
        steps = [
            {{ press = "1", when = "agent-stops" }},
            {{ say = "yes please", when = "agent-stops" }},
        ]
        hang_up_when_done = false
    """
    with running_daemon(tmp_path, config) as daemon:
        call_id = place(daemon, message="Hello.", mode="notify")
        wait_for_event(daemon, "call.dtmf")

        continued = daemon.ctl("continue", "--call-id", call_id, "--message", "Shall we?")

    assert continued["success"] is True
    assert continued["transcript"] == "yes please"


def test_a_terminated_daemon_ends_its_calls_within_the_bound(tmp_path: Path) -> None:
    with running_daemon(tmp_path, f"drain_seconds = 0\n{STAYS}") as daemon:
        calls = [place(daemon) for _ in range(10)]

        assert daemon.stop() == 0
        assert not daemon.socket_path.exists()

    with running_daemon(tmp_path) as daemon:
        states = {call["callId"]: call["state"] for call in daemon.ctl("list")["calls"]}

    assert states == dict.fromkeys(calls, "hangup-bot")


def test_a_draining_daemon_lets_a_call_come_to_its_end(tmp_path: Path) -> None:
    with running_daemon(tmp_path, "drain_seconds = 30\n[mock]\nanswers_after_ms = 0\n") as daemon:
        place(daemon, message="The parcel has arrived.", mode="notify")
        wait_for_event(daemon, "call.answered")

        assert daemon.stop() == 0

    with running_daemon(tmp_path) as daemon:
        (call,) = daemon.ctl("list")["calls"]
        transcript = daemon.ctl("transcript", "--call-id", call["callId"])

    assert [said["text"] for said in transcript["utterances"]] == ["The parcel has arrived."]


def test_a_second_signal_cuts_the_draining_short(tmp_path: Path) -> None:
    with running_daemon(tmp_path, f"drain_seconds = 3600\n{STAYS}") as daemon:
        place(daemon)
        daemon.process.send_signal(signal.SIGINT)
        daemon.wait_for_notice("STOPPING=1")

        assert daemon.stop(signal.SIGINT) == 0


def test_calls_of_a_killed_daemon_are_closed_as_errors_at_the_next_start(tmp_path: Path) -> None:
    with running_daemon(tmp_path, STAYS) as daemon:
        call_id = place(daemon)
        daemon.stop(signal.SIGKILL)

    with running_daemon(tmp_path, STAYS) as daemon:
        call = daemon.ctl("status", "--call-id", call_id)["call"]

    assert (call["state"], call["endReason"]) == ("error", "error")
    assert "endedAt" in call


def test_killed_speech_workers_are_replaced_and_the_call_goes_on(tmp_path: Path) -> None:
    with running_daemon(tmp_path, STAYS) as daemon:
        call_id = place(daemon, "This is a long sentence, in which the voice is taken away.")
        wait_for_event(daemon, "call.speaking")
        workers = daemon.workers()
        for worker in workers:
            os.kill(worker, signal.SIGKILL)

        spoken = daemon.ctl("speak", "--call-id", call_id, "--message", "Here I am again.")

        assert len(workers) == 2
        assert spoken["success"] is True
        assert set(daemon.workers()) - set(workers)  # the voice; the ears come back when needed


def test_a_second_daemon_on_one_socket_does_not_start_and_harms_nobody(tmp_path: Path) -> None:
    with running_daemon(tmp_path / "first") as daemon:
        other = tmp_path / "second"
        other.mkdir()
        (other / "control.sock").symlink_to(daemon.socket_path)
        with starting_daemon(other) as second:
            assert second.process.wait(timeout=60) == 1
            complaint = second.log()
        assert daemon.ctl("version")["daemon"]["name"] == "voicecalld"

    assert "control.sock" in complaint
    assert "Traceback" not in complaint


def test_a_second_daemon_on_one_state_does_not_start(tmp_path: Path) -> None:
    with running_daemon(tmp_path) as daemon, starting_daemon(tmp_path) as second:
        assert second.process.wait(timeout=60) == 1
        assert daemon.ctl("version")["daemon"]["name"] == "voicecalld"

    assert "in use" in daemon.log()


def test_two_daemons_run_side_by_side(tmp_path: Path) -> None:
    with running_daemon(tmp_path / "one") as one, running_daemon(tmp_path / "two") as two:
        call_id = place(one)

        assert two.ctl("list") == {"calls": []}
        assert one.ctl("list")["calls"][0]["callId"] == call_id


def test_the_socket_and_the_state_are_for_one_user_only(tmp_path: Path) -> None:
    with running_daemon(tmp_path) as daemon:
        files = [daemon.socket_path, *(daemon.folder / "state").iterdir()]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}

    assert set(modes.values()) == {0o600}
    assert {"control.sock", "journal.sqlite3", "stream-token.key"} <= set(modes)


def test_all_mistakes_of_a_configuration_are_told_at_once(tmp_path: Path) -> None:
    config = 'provider = "carrier pigeon"\nring_timeout_ms = -5\n[tunr]\n'

    with starting_daemon(tmp_path, config) as daemon:
        assert daemon.process.wait(timeout=60) == 78

    lines = daemon.log().splitlines()
    assert len(lines) == 3
    assert all(line.startswith(str(tmp_path / "voicecalld.toml")) for line in lines)


def test_a_state_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")

    with starting_daemon(tmp_path) as daemon:
        assert daemon.process.wait(timeout=60) == 1

    assert "state" in daemon.log()
    assert "Traceback" not in daemon.log()


@pytest.mark.parametrize("words", ["Meet me at the secret place", "+15550100"])
def test_neither_words_nor_numbers_reach_the_log(words: str, tmp_path: Path) -> None:
    with running_daemon(tmp_path, f"drain_seconds = 0\n{STAYS}") as daemon:
        place(daemon, f"{words}.")
        wait_for_event(daemon, "call.listening")
        daemon.stop()

    assert "ready" in daemon.log()
    assert words not in daemon.log()


@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None,
    reason="START BY SOCKET NOT CHECKED: systemd-socket-activate is not installed",
)
def test_a_client_starts_the_daemon_through_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    activate = ["systemd-socket-activate", f"--listen={path}", "--fdname=control"]
    activate += [f"--setenv=STATE_DIRECTORY={tmp_path / 'state'}"]

    with notify_socket(tmp_path / "notify.sock") as notices:
        activate += [f"--setenv=NOTIFY_SOCKET={tmp_path / 'notify.sock'}"]
        command = [*activate, sys.executable, "-m", "voicecalld", "--config", os.devnull]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            process.stderr.readline()  # it listens
            daemon = DaemonProcess(process=process, folder=tmp_path, notices=notices)
            version = daemon.ctl("version")["daemon"]
            daemon.wait_for_notice("READY=1")
            process.terminate()
            status = process.wait(timeout=60)
            process.stderr.close()

    assert version["pid"] == process.pid
    assert status == 0
    assert path.exists()  # it is systemd's


def test_the_watchdog_is_fed(tmp_path: Path) -> None:
    with running_daemon(tmp_path, WATCHDOG_USEC="200000") as daemon:
        daemon.wait_for_notice("WATCHDOG=1")
        daemon.wait_for_notice("WATCHDOG=1")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_every_ending_signal_ends_the_daemon_cleanly(number: int, tmp_path: Path) -> None:
    with running_daemon(tmp_path) as daemon:
        assert daemon.stop(number) == 0
        assert not daemon.socket_path.exists()


def test_everything_that_the_settings_name_is_tried_and_told_at_once(tmp_path: Path) -> None:
    config = f"""
        tts.embedded.voice = "xx"
        stt.embedded.phrases = ["xyzzyq"]
        [mock.phones."{CALLEE}"]
        script = "nowhere.toml"
    """
    with starting_daemon(tmp_path, config) as daemon:
        assert daemon.process.wait(timeout=60) == 78

    lines = daemon.log().splitlines()
    file = tmp_path / "voicecalld.toml"
    assert [line.partition(": ")[0] for line in lines] == [str(file)] * 3


def check_config(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voicecalld", "--check-config", "--config", file],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_good_configuration_is_said_to_be_good_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "voicecalld.toml"
    file.write_text(STAYS)

    checked = check_config(file)

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, f"{file}: OK\n", "")


def test_a_configuration_that_should_not_be_relied_on_is_good_but_warned_of(
    tmp_path: Path,
) -> None:
    file = tmp_path / "voicecalld.toml"
    file.write_text(
        'provider = "twilio"\nfrom_number = "+13105550142"\nskip_signature_verification = true\n'
        f'twilio = {{ account_sid = "AC{"0" * 32}", auth_token = "secret" }}\n'
        "streaming = { enabled = false }\n"
    )

    checked = check_config(file)

    warning = "skip_signature_verification is on: webhooks are obeyed without proof"
    assert (checked.returncode, checked.stdout) == (0, f"{file}: OK\n")
    assert checked.stderr == f"{file}: warning: {warning}\n"


def test_an_inherited_socket_of_another_name_is_refused() -> None:
    with pytest.raises(StartError, match="FileDescriptorName=control"):
        find_control({"voicecalld.socket": 3})


def test_a_bug_is_reported_without_numbers_and_words(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_arguments: object) -> int:
        raise ValueError("call to +15550100 said 'my pin is 4711'")

    monkeypatch.setattr(sys, "argv", ["voicecalld"])
    monkeypatch.setattr("voicecalld.daemon.run", broken)
    monkeypatch.setattr("voicecalld.daemon.is_journal", lambda *_: False)

    with pytest.raises(SystemExit) as ended:
        main()

    told = capfd.readouterr().err
    assert ended.value.code == 1
    assert "daemon failed" in told
    assert "+15550100" not in told
    assert "4711" not in told
