import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.control_parties import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "control.sock")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown as on a clock in Greenwich."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
