import pytest

from tests.services.unhurried import be_unhurried


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speech services on real sockets have the time that they need."""
    be_unhurried(monkeypatch)
