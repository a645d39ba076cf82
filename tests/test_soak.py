"""A thousand calls in one daemon leave nothing behind."""

import gc
from pathlib import Path

import trio
from trio.testing import MockClock

from tests.switchboard.office import CALLEE, Office, open_office
from voicecalld.call.record import Mode

CALLS = 1000
AT_ONCE = 20

# Caches of the interpreter and of the libraries settle; one object a call would be ten times this.
SETTLING_OBJECTS = 100


async def hold_calls(office: Office, count: int) -> None:
    """Hold so many short calls to their end, never more than `AT_ONCE` at a time."""
    room = trio.CapacityLimiter(AT_ONCE)

    async def hold_one() -> None:
        async with room:
            call = office.switchboard.find(await office.call("Hello.", Mode.NOTIFY))
            assert call is not None
            await call.over.wait()

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(hold_one)
    await trio.sleep(10)  # the carrier's half takes its leave


def forget_on_purpose(office: Office) -> None:
    """Drop what the fakes have written down, and what the door remembers of calls.

    The latter has bounds of its own: webhooks are remembered against replays, tokens until
    they expire.
    """
    for fake in (office.journal, office.voice, office.ears, office.agent, office.link):
        for written in vars(fake).values():
            if isinstance(written, list):
                written.clear()
    office.journal.replies.clear()
    office.switchboard.services.tokens.used.clear()


def holdings(office: Office) -> tuple[int, int, int]:
    """Living tasks, open descriptors, objects that can hold others."""
    forget_on_purpose(office)
    gc.collect()
    tasks = trio.lowlevel.current_statistics().tasks_living
    return tasks, len(list(Path("/proc/self/fd").iterdir())), len(gc.get_objects())


async def test_a_thousand_calls_leave_no_task_no_descriptor_and_no_memory_behind(
    autojump_clock: MockClock,
) -> None:
    phone = {CALLEE: {"answers_after_ms": 0}}
    async with open_office(
        mock={"phones": phone},
        outbound={"notify_hangup_delay_seconds": 0},
        limits={"max_concurrent_calls": AT_ONCE},
    ) as office:
        await hold_calls(office, 2 * AT_ONCE)
        tasks, descriptors, objects = holdings(office)

        await hold_calls(office, CALLS)

        assert len({entry.record.call_id for entry in office.journal.entries}) == CALLS
        tasks_now, descriptors_now, objects_now = holdings(office)
    assert tasks_now == tasks
    assert descriptors_now == descriptors
    assert objects_now - objects < SETTLING_OBJECTS
