import pathlib

import pytest


@pytest.fixture
def journal_path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "journal.db"
