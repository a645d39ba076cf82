import pytest

from voicecalld.call.deadlines import Deadlines
from voicecalld.call.events import TurnQueued
from voicecalld.call.floor import Wait
from voicecalld.call.our_turn import LOST_MARK_S, OurTurn

QUEUED = TurnQueued(turn=1, lasts_s=3.0, ends_call=True, failed=True)


@pytest.fixture
def waits() -> Deadlines[Wait]:
    return Deadlines[Wait]()


@pytest.fixture
def ours(waits: Deadlines[Wait]) -> OurTurn:
    ours = OurTurn(waits)
    ours.begin()
    return ours


def test_turns_are_numbered_and_know_nothing_of_the_one_before(ours: OurTurn) -> None:
    ours.on_queued(QUEUED, 10.0)
    assert (ours.ends_call, ours.has_failed) == (True, True)

    number = ours.begin()

    assert number == ours.number == 2
    assert (ours.ends_call, ours.has_failed) == (False, False)


def test_a_turn_is_waited_for_until_its_mark_is_overdue(
    ours: OurTurn, waits: Deadlines[Wait]
) -> None:
    ours.on_queued(QUEUED, 10.0)

    assert waits.at_s == {Wait.PLAYOUT: 13.0 + LOST_MARK_S}
    ours.on_over()
    assert waits.at_s == {}


def test_the_wait_stands_still_while_there_is_no_line(
    ours: OurTurn, waits: Deadlines[Wait]
) -> None:
    ours.on_queued(QUEUED, 10.0)

    ours.hold(11.0)
    assert waits.at_s == {}
    ours.release(12.5)

    assert waits.at_s == {Wait.PLAYOUT: 14.5 + LOST_MARK_S}


def test_a_wait_that_begins_while_there_is_no_line_begins_with_the_line(
    ours: OurTurn, waits: Deadlines[Wait]
) -> None:
    ours.hold(9.0)

    ours.on_queued(QUEUED, 10.0)
    assert waits.at_s == {}
    ours.release(11.0)

    assert waits.at_s == {Wait.PLAYOUT: 14.0 + LOST_MARK_S}


def test_without_a_wait_a_break_makes_none(ours: OurTurn, waits: Deadlines[Wait]) -> None:
    ours.hold(9.0)
    ours.release(10.0)

    assert waits.at_s == {}


def test_a_turn_that_was_stopped_during_a_break_is_not_waited_for_after_it(
    ours: OurTurn, waits: Deadlines[Wait]
) -> None:
    ours.on_queued(QUEUED, 10.0)
    ours.hold(11.0)

    ours.on_over()
    ours.release(12.0)

    assert waits.at_s == {}
