"""For all tests: the environment of the daemon, and the demo, which runs beside the others."""

import gc
import math
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import is_hypothesis_test
from trio.testing import MockClock

from tests.patience import STILL_S
from tests.running_demo import RunningDemo, start_demo
from tests.scenarios.table import write_table

# OpenMP's threads are as many as in the daemon, see `voicecalld.__main__`.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")


# Files and folders that take longest; at the end of all they would keep one process busy alone.
LONGEST = (
    "test_daemon.py",
    "security",
    "scenarios",
    "bench",
    "speech",
    "day",
    "test_soak.py",
    "switchboard",
)

# They come by every line that they reach a thousand times, and other tests do as well: to count
# that would double what they take. So do tests of properties.
WELL_WORN = frozenset(
    {
        "bench",
        "carriers",
        "day",
        "demo",
        "histories",
        "scenarios",
        "security",
        "test_carrier_calls.py",
        "test_carrier_calls_end.py",
        "test_agents_bad_input.py",
        "test_soak.py",
        "test_speaking_services.py",
        "test_synthesizer_contract.py",
        "test_synthesizers_bad_input.py",
        "test_transcriber_contract.py",
        "test_transcribers_bad_input.py",
        "test_websocket_conformance.py",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who takes long comes first; those who want to see the demo last, when its call is over."""
    items.sort(key=lambda item: (wants_demo(item), rank_of(item)))
    for item in items:
        if WELL_WORN & set(item.path.parts) or tests_property(item):
            item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Ten thousand tests are no garbage: to look at them again and again takes a fifth of all."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def part_of(item: pytest.Item) -> str:
    """The file or folder in this one that *item* is in."""
    return item.path.relative_to(Path(__file__).parent).parts[0]


def tests_property(item: pytest.Item) -> bool:
    """Whether *item* makes up its examples, hundreds of them."""
    return isinstance(item, pytest.Function) and is_hypothesis_test(item.obj)


def rank_of(item: pytest.Item) -> int:
    part = part_of(item)
    return LONGEST.index(part) if part in LONGEST else len(LONGEST)


def wants_demo(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "running_demo" in item.fixturenames


# Here, for the process that reports of all workers reads no conftest.py of a folder below.
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show which scenarios went well with which carrier."""
    write_table(terminalreporter)


@pytest.fixture(scope="session", autouse=True)
def demo_beside_the_tests(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDemo | None]:
    """The demo takes as long as a call and hardly any work, so it begins before all tests."""
    if not any(map(wants_demo, request.session.items)):
        yield None
        return
    with start_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture(scope="session")
def running_demo(demo_beside_the_tests: RunningDemo | None) -> RunningDemo:
    assert demo_beside_the_tests is not None
    return demo_beside_the_tests


@pytest.fixture
def autojump_clock(monkeypatch: pytest.MonkeyPatch) -> MockClock:
    """Virtual time, which stands still while a thread works.

    pytest-trio's jumps as soon as every task waits, so a deadline could pass while a file is read.
    """
    clock = MockClock(autojump_threshold=0)
    run_sync: Callable[..., Awaitable[Any]] = trio.to_thread.run_sync
    working = 0

    async def run_sync_at_rest(*args: Any, **options: Any) -> Any:
        nonlocal working
        working += 1
        clock.autojump_threshold = math.inf
        try:
            return await run_sync(*args, **options)
        finally:
            working -= 1
            if not working:
                clock.autojump_threshold = 0

    monkeypatch.setattr(trio.to_thread, "run_sync", run_sync_at_rest)
    return clock


@pytest.fixture
def jumping_clock() -> MockClock:
    """Virtual time for real sockets: it jumps when nothing has come by any of them for a while."""
    return MockClock(autojump_threshold=STILL_S)
