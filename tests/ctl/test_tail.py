import json
import signal

import pytest
import trio

from tests.ctl.running import (
    read_until,
    run_main,
    started_ctl,
)
from tests.fakes.control_parties import Office


async def test_tail_shows_the_last_events_and_then_new_ones_until_interrupted(
    office: Office,
) -> None:
    for _ in range(30):
        office.journal.happen("call.active")
    async with office.open(), started_ctl(office, "tail") as process:
        shown = await read_until(process, b"#30")
        office.journal.happen("call.speech", speaker="user", text="A\x1b[2J")
        shown += await read_until(process, b"\\x1b[2J")
        process.send_signal(signal.SIGINT)

        assert await process.wait() == 0

    lines = shown.decode().splitlines()
    assert len(lines) == 26
    assert lines[0] == "2027-01-15 08:00:00  #6  call-1  call.active"
    assert lines[25].endswith("call-1  call.speech       speaker=user  text=A\\x1b[2J")


async def test_tail_in_json_is_one_document_a_line(office: Office) -> None:
    office.journal.happen("call.active")
    async with office.open(), started_ctl(office, "tail", "--json", "--since", "0") as process:
        await office.journal.subscribed.wait()
        office.journal.happen("call.dtmf", digits="5")
        line = await read_until(process, b"\n")

    assert json.loads(line)["seq"] == 2


@pytest.mark.parametrize("options", [["--json"], []])
async def test_tail_ends_with_status_3_when_the_daemon_goes_away(
    office: Office, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    statuses: list[int] = []

    async def run_tail() -> None:
        argv = ["--socket", str(office.path), "tail", *options]
        statuses.append(await trio.to_thread.run_sync(run_main, argv))

    office.journal.happen("call.active")
    async with trio.open_nursery() as nursery, office.open():
        nursery.start_soon(run_tail)
        await office.journal.subscribed.wait()

    captured = capsys.readouterr()
    assert statuses == [3]
    assert f"the daemon at {office.path} has gone away" in captured.err
    assert "call.active" in captured.out
