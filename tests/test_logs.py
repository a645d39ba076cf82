import io
import json
import os
import sys
from collections.abc import Iterator

import pytest
import structlog
import trio
from structlog.contextvars import bound_contextvars

from voicecalld.logs import configure_logs, is_journal

NUMBER = "+15557654321"
WORDS = "my grandmother is a walrus"
TOKEN = "tok_4f9a1c77e2b04d1c"  # noqa: S105 - a canary


@pytest.fixture(autouse=True)
def _restore_structlog() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def raise_canaries() -> None:
    local = WORDS + TOKEN
    raise ValueError(f"cannot say {WORDS!r} to {NUMBER} with {TOKEN!r}, {len(local)} characters")


def log_canaries() -> None:
    log = structlog.get_logger()
    log.info("started", text=WORDS, to=NUMBER, auth_token=TOKEN, deep={"heard": [WORDS]})
    log.warning("cannot call %s", NUMBER, url=f"https://example.com/?To=%2B{NUMBER[1:]}")
    try:
        raise_canaries()
    except ValueError:
        log.exception("speech failed", length=3)
    log.error("tasks failed", exc_info=ExceptionGroup(NUMBER, [KeyError(WORDS), KeyError(TOKEN)]))


@pytest.mark.parametrize("journal", [True, False])
@pytest.mark.parametrize("terminal", [True, False])
def test_no_number_word_or_secret_is_ever_logged(journal: bool, terminal: bool) -> None:
    stream = io.StringIO()
    configure_logs(stream, journal=journal, terminal=terminal)

    log_canaries()

    shown = stream.getvalue()
    assert "speech failed" in shown
    assert "test_logs.py" in shown
    for canary in (NUMBER[1:], "555765", "walrus", "grandmother", TOKEN):
        assert canary not in shown


def test_an_entry_is_one_line_of_json_with_its_time() -> None:
    stream = io.StringIO()
    configure_logs(stream, journal=False, terminal=False)

    log_canaries()

    entries = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [entry["event"] for entry in entries] == [
        "started",
        "cannot call +1\u20264321",
        "speech failed",
        "tasks failed",
    ]
    assert entries[0]["to"] == "+1\u20264321"
    assert entries[0]["timestamp"].endswith("Z")
    assert entries[2]["exception"].startswith("ValueError: cannot say '\u2026' to +1\u20264321")


@pytest.mark.parametrize(
    ("level", "priority"), [("info", 6), ("warning", 4), ("error", 3), ("critical", 2)]
)
def test_the_journal_gets_the_priority_and_no_time(level: str, priority: int) -> None:
    stream = io.StringIO()
    configure_logs(stream, journal=True, terminal=False)

    getattr(structlog.get_logger(), level)("something", count=3)

    assert stream.getvalue() == (
        f'<{priority}>{{"event": "something", "count": 3, "level": "{level}"}}\n'
    )


def test_debug_entries_are_dropped() -> None:
    stream = io.StringIO()
    configure_logs(stream, journal=True, terminal=False)

    structlog.get_logger().debug("noise")

    assert stream.getvalue() == ""


def test_a_forged_line_break_begins_no_new_line() -> None:
    stream = io.StringIO()
    configure_logs(stream, journal=True, terminal=False)

    structlog.get_logger().info("webhook refused", reason='x\n<0>{"event": "on fire"}\r\x1b[2J')

    assert len(stream.getvalue().splitlines()) == 1


async def test_the_call_id_is_known_to_the_tasks_of_its_call_only() -> None:
    stream = io.StringIO()
    configure_logs(stream, journal=True, terminal=False)
    log = structlog.get_logger()

    async def work(name: str) -> None:
        await trio.lowlevel.checkpoint()
        log.info(name)

    async with trio.open_nursery() as nursery:
        with bound_contextvars(call_id="one"):
            nursery.start_soon(work, "inside")
        nursery.start_soon(work, "outside")

    entries = [json.loads(line[3:]) for line in stream.getvalue().splitlines()]
    assert {entry["event"]: entry.get("call_id") for entry in entries} == {
        "inside": "one",
        "outside": None,
    }


def test_a_stream_that_knows_little_of_unicode_gets_escapes() -> None:
    raw = io.BytesIO()
    configure_logs(io.TextIOWrapper(raw, encoding="ascii"), journal=True, terminal=False)

    structlog.get_logger().info("over\u00e9")

    assert rb"over\xe9" in raw.getvalue()


def test_a_log_that_cannot_be_written_harms_nobody() -> None:
    closed = io.StringIO()
    closed.close()
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    broken = io.TextIOWrapper(io.FileIO(write_fd, "w"), write_through=True)

    for stream in (closed, broken):
        configure_logs(stream, journal=True, terminal=False)
        structlog.get_logger().info("is anybody there")

    broken.close()
    assert broken.closed


def test_the_journals_stream_is_known_by_its_device_and_inode() -> None:
    read_fd, write_fd = os.pipe()
    status = os.fstat(write_fd)
    named = f"{status.st_dev}:{status.st_ino}"

    verdicts = (
        is_journal(named, write_fd),
        is_journal("1:2", write_fd),
        is_journal(None, write_fd),
        is_journal(named, sys.maxsize & 0xFFFF),
    )

    os.close(read_fd)
    os.close(write_fd)
    assert verdicts == (True, False, False, False)
