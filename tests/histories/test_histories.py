"""Whatever happens to a call, in whatever order, it ends once, here and at the carrier."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.histories.__main__ import main
from tests.histories.strategies import histories
from tests.histories.table import DIALECTS
from tests.histories.tally import Tally, live_through
from voicecalld.provider.catalog import PROVIDERS

EXAMPLES = 50  # of each carrier; `python -m tests.histories` plays ten thousand


def test_no_carrier_is_left_out() -> None:
    assert set(DIALECTS) == set(PROVIDERS)


@pytest.mark.parametrize("name", PROVIDERS)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_history_has_a_wrong_end(name: str, data: st.DataObject) -> None:
    dialect = DIALECTS[name]
    history = data.draw(histories(dialect))

    wrong = live_through(dialect, history, Tally(name=name))

    assert wrong == []


def test_the_command_prints_a_line_for_each_carrier_it_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["--count", "5", "plivo", "mock"])

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert [line.partition(":")[0] for line in lines] == ["plivo", "mock"]
    assert all("5 histories" in line and "wrong: 0" in line for line in lines)
