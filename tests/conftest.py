"""For all tests: the environment of the daemon, and the demo, which runs beside the others."""

import math
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.running_demo import RunningDemo, start_demo

# OpenMP's threads are as many as in the daemon, see `voicecalld.__main__`.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those who want to see the demo come last, when its call is over."""
    items.sort(key=wants_demo)


def wants_demo(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "running_demo" in item.fixturenames


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
