"""When the demo is pleased with its call, and what it says when it is not."""

from dataclasses import replace

import numpy as np
import pytest

from voicecalld.demo.outcome import (
    Outcome,
    Said,
    find_problems,
    find_silent_sides,
    parse_said,
    parse_turn,
)
from voicecalld.errors import DemoFailedError

SCRIPT = ["are you open", "goodbye"]
WHOLE = "We are open all day."
GREETING = Said(is_agent=True, text="Hello!", cut_short=False)
QUESTION = Said(is_agent=False, text="are you open", cut_short=False)
CUT = Said(is_agent=True, text="We are", cut_short=True)
FAREWELL = Said(is_agent=False, text="goodbye", cut_short=False)
LAST = Said(is_agent=True, text="Goodbye!", cut_short=False)
TURN = {"firstFrameMs": 900.0}
GOOD = Outcome(
    said=(GREETING, QUESTION, CUT, FAREWELL, LAST), turns=(TURN, TURN), end_reason="hangup-bot"
)


def problems(outcome: Outcome) -> str:
    return "\n".join(find_problems(outcome, SCRIPT, lambda _words: WHOLE))


def test_a_call_as_it_should_be_has_no_problems() -> None:
    assert problems(GOOD) == ""


def test_a_word_that_was_misunderstood_is_a_problem() -> None:
    misheard = replace(QUESTION, text="hello")

    assert "understood ['hello', 'goodbye']" in problems(
        replace(GOOD, said=(GREETING, misheard, CUT, FAREWELL, LAST))
    )


def test_a_side_that_spoke_once_is_a_problem() -> None:
    assert "less than twice" in problems(replace(GOOD, said=(GREETING, QUESTION, CUT)))


@pytest.mark.parametrize("cut", [replace(CUT, cut_short=False), replace(CUT, text=WHOLE)])
def test_an_answer_that_was_heard_to_its_end_is_a_problem(cut: Said) -> None:
    assert problems(replace(GOOD, said=(GREETING, QUESTION, cut, FAREWELL, LAST)))


def test_words_that_the_agent_did_not_mean_to_say_are_a_problem() -> None:
    wrong = replace(CUT, text="We are closed")

    assert "not the beginning" in problems(
        replace(GOOD, said=(GREETING, QUESTION, wrong, FAREWELL, LAST))
    )


def test_a_greeting_that_is_interrupted_is_a_problem() -> None:
    cut_greeting = replace(GREETING, cut_short=True)
    whole = replace(CUT, cut_short=False)

    assert "not the beginning" in problems(
        replace(GOOD, said=(cut_greeting, QUESTION, whole, FAREWELL, LAST))
    )


def test_two_interruptions_are_a_problem() -> None:
    assert "2 answers were cut short" in problems(
        replace(GOOD, said=(GREETING, QUESTION, CUT, FAREWELL, replace(LAST, cut_short=True)))
    )


@pytest.mark.parametrize("turns", [(), (TURN,), (TURN, {"endpointMs": 700.0})])
def test_an_answer_that_was_not_measured_is_a_problem(turns: tuple[dict[str, float], ...]) -> None:
    assert "have a latency" in problems(replace(GOOD, turns=turns))


def test_a_call_that_the_callee_hung_up_is_a_problem() -> None:
    assert "ended: hangup-user" in problems(replace(GOOD, end_reason="hangup-user"))


@pytest.mark.parametrize(("side", "name"), [(0, "callee"), (1, "agent")])
def test_a_recording_with_a_silent_side_is_a_problem(side: int, name: str) -> None:
    stereo = np.full((8000, 2), 5000, np.int16)
    stereo[:, side] = 3

    (problem,) = find_silent_sides(stereo)

    assert name in problem


def test_a_recording_with_sound_on_both_sides_is_none() -> None:
    assert list(find_silent_sides(np.full((8000, 2), -32768, np.int16))) == []


def test_a_stage_that_did_not_happen_is_left_out_of_a_turn() -> None:
    turn = parse_turn({"turn": 3, "at": "2026-01-01T00:00:00.000Z", "endpointMs": 700})

    assert turn == {"endpointMs": 700.0}


def test_what_is_neither_an_utterance_nor_a_turn_is_refused() -> None:
    with pytest.raises(DemoFailedError):
        parse_said({"speaker": "cat", "text": "miaow"})
    with pytest.raises(DemoFailedError):
        parse_turn("miaow")
