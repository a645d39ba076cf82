from pathlib import Path

import pytest

from tests.fakes.control_parties import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "control.sock")
