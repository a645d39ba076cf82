import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.call.deadlines import Deadlines


@pytest.fixture
def deadlines() -> Deadlines[str]:
    deadlines = Deadlines[str]()
    deadlines.set("late", 3.0)
    deadlines.set("early", 1.0)
    return deadlines


def test_the_next_moment_is_the_earliest(deadlines: Deadlines[str]) -> None:
    assert deadlines.next_s == 1.0


def test_there_is_no_next_moment_when_nothing_is_waited_for() -> None:
    assert Deadlines[str]().next_s is None


def test_nothing_is_due_before_its_moment(deadlines: Deadlines[str]) -> None:
    assert deadlines.take_due(0.999) is None


def test_a_purpose_is_due_at_its_moment_and_once(deadlines: Deadlines[str]) -> None:
    assert deadlines.take_due(1.0) == "early"
    assert deadlines.take_due(1.0) is None
    assert deadlines.next_s == 3.0


def test_a_second_wait_for_the_same_purpose_replaces_the_first(deadlines: Deadlines[str]) -> None:
    deadlines.set("early", 4.0)

    assert deadlines.next_s == 3.0


def test_a_wait_that_is_there_already_can_be_kept(deadlines: Deadlines[str]) -> None:
    deadlines.set_first("early", 4.0)
    deadlines.set_first("new", 0.5)

    assert deadlines.at_s == {"late": 3.0, "early": 1.0, "new": 0.5}


def test_what_is_forgotten_is_never_due(deadlines: Deadlines[str]) -> None:
    deadlines.forget("early", "never-set")

    assert deadlines.take_due(9.0) == "late"
    assert deadlines.take_due(9.0) is None


def test_a_wait_that_is_taken_back_gives_its_moment_once(deadlines: Deadlines[str]) -> None:
    assert deadlines.take("early") == 1.0
    assert deadlines.take("early") is None
    assert deadlines.next_s == 3.0


def test_nothing_is_due_once_all_is_cleared(deadlines: Deadlines[str]) -> None:
    deadlines.clear()

    assert deadlines.take_due(9.0) is None


@given(st.dictionaries(st.integers(), st.integers(0, 4)), st.integers(0, 4))
def test_all_that_is_due_comes_in_the_order_of_its_moments(
    moments: dict[int, int], now_s: int
) -> None:
    deadlines = Deadlines[int]()
    for purpose, at_s in moments.items():
        deadlines.set(purpose, at_s)

    taken = []
    while (purpose_due := deadlines.take_due(now_s)) is not None:
        taken.append(moments[purpose_due])

    assert taken == sorted(at_s for at_s in moments.values() if at_s <= now_s)
