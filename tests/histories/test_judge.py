"""Who judges histories sees what is wrong with them."""

from dataclasses import replace

import pytest

from tests.histories.dialect import Dialect
from tests.histories.history import (
    Fate,
    Fault,
    HangUp,
    History,
    News,
    OpenStream,
    Replay,
    Step,
    Tell,
)
from tests.histories.judge import judge
from tests.histories.play import play
from tests.histories.table import DIALECTS
from tests.histories.world import Seen
from voicecalld.call.record import CallState, Mode

EACH = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)

TALK = (
    Step(0.4, Tell(News.RINGING)),
    Step(1.9, Tell(News.ANSWERED, copies=2)),
    Step(0.4, OpenStream()),
    Step(0.4, Replay(0)),
    Step(3.2, HangUp()),
)


def build_history(dialect: Dialect, *, dial: tuple[Fault, ...] = ()) -> History:
    steps = tuple(step for step in TALK if is_known(dialect, step))
    return History(
        is_inbound=False,
        has_streams=True,
        mode=Mode.CONVERSATION,
        ending=next(iter(dialect.endings)),
        steps=steps,
        dial=dial,
    )


def is_known(dialect: Dialect, step: Step) -> bool:
    return not isinstance(step.deed, Tell) or step.deed.news in dialect.outbound


def play_talk(dialect: Dialect) -> tuple[History, Seen]:
    history = build_history(dialect)
    return history, play(dialect, history)


@EACH
def test_a_talk_that_we_end_is_right(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)

    (record,) = seen.records.values()
    assert record.state is CallState.HANGUP_BOT
    assert record.answered_unix_s is not None
    assert seen.events["streams"] == 1
    assert judge(dialect, history, seen) == []


@EACH
def test_a_call_that_lives_on_at_the_carrier_is_wrong(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)
    seen.legs[0].is_alive = True

    lives_on, is_not_doubted = judge(dialect, history, seen)

    assert "lives on at the carrier" in lives_on
    assert "does not doubt" in is_not_doubted


@EACH
def test_a_second_call_at_the_carrier_is_wrong(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)
    seen.legs.append(replace(seen.legs[0]))

    assert judge(dialect, history, seen) == ["2 calls were placed"]


@EACH
def test_an_end_that_was_not_written_is_wrong(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)
    seen.entries.pop()

    assert "call.ended was written 0 times" in judge(dialect, history, seen)


@EACH
def test_an_end_that_was_written_twice_is_wrong(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)
    seen.entries.append(seen.entries[-1])

    assert "call.ended was written 2 times" in judge(dialect, history, seen)


@EACH
def test_an_end_by_another_reason_is_wrong(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)
    record = replace(seen.entries[-1].record, state=CallState.BUSY)
    seen.entries[-1] = replace(seen.entries[-1], record=record)

    (wrong,) = judge(dialect, history, seen)

    assert wrong.startswith("it ended busy at ")


@EACH
def test_an_end_that_comes_too_late_is_wrong(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)
    last = seen.entries[-1]
    assert last.record.ended_unix_s is not None
    record = replace(last.record, ended_unix_s=last.record.ended_unix_s + 1)
    seen.entries[-1] = replace(last, record=record)

    (wrong,) = judge(dialect, history, seen)

    assert wrong.startswith("it ended only at ")


@EACH
def test_an_error_of_ours_is_wrong(dialect: Dialect) -> None:
    history, seen = play_talk(dialect)
    seen.errors.append({"event": "call failed", "log_level": "error"})

    assert judge(dialect, history, seen) == ["an error of ours: call failed"]


@EACH
@pytest.mark.parametrize("fate", Fate)
def test_a_dial_that_goes_wrong_leaves_one_end(dialect: Dialect, fate: Fate) -> None:
    history = build_history(dialect, dial=(Fault(fate, is_obeyed=False),) * 7)

    seen = play(dialect, history)

    (record,) = seen.records.values()
    assert record.state is CallState.FAILED
    assert judge(dialect, history, seen) == []


@EACH
def test_a_call_that_a_webhook_names_before_its_dial_is_answered_leaves_nothing_behind(
    dialect: Dialect,
) -> None:
    steps = (Step(0.05, Tell(dialect.outbound[0])),)
    history = replace(build_history(dialect), steps=steps, dial_s=0.3)

    seen = play(dialect, history)

    (record,) = seen.records.values()
    assert record.state is CallState.NO_ANSWER
    assert not seen.legs[0].is_alive
    assert judge(dialect, history, seen) == []
