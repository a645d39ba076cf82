"""For all tests: the environment of the daemon, and the demo, which runs beside the others."""

import os
from collections.abc import Iterator

import pytest

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
