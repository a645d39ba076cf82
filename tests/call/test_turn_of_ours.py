import pytest

from tests.call.scenes import WE_HANG_UP, answering, ask_agent, request, thinking
from voicecalld.call.commands import (
    AnswerPrompt,
    BeginUtterance,
    CommitUtterance,
    NoteHeard,
    Say,
    StopTurn,
)
from voicecalld.call.events import (
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    TurnAudible,
    TurnHeard,
    TurnQueued,
)
from voicecalld.call.floor import Floor
from voicecalld.call.our_turn import LOST_MARK_S


def test_a_turn_may_be_queued_whole_before_it_is_audible() -> None:
    play = thinking()

    play.tell(TurnQueued(turn=2, lasts_s=1.0), TurnAudible(turn=2)).expect()
    play.at(4.7).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.OPEN)


def test_a_turn_whose_last_mark_is_lost_ends_some_time_after_its_sound() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()

    play.at(5.0 + LOST_MARK_S - 0.001).expect()

    play.at(5.0 + LOST_MARK_S).expect(NoteHeard(turn=2))
    play.tell(TurnHeard(turn=2)).expect()


def test_a_turn_that_is_still_being_made_is_not_ended_by_any_clock() -> None:
    play = answering()

    play.at(250.0).expect()

    play.expect_floor(Floor.AGENT)


def test_a_turn_with_nothing_to_say_gives_the_floor_back() -> None:
    play = thinking()

    play.tell(TurnQueued(turn=2)).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.OPEN)


@pytest.mark.parametrize("turn", [1, 3])
def test_news_of_another_turn_means_nothing(turn: int) -> None:
    play = thinking()

    play.tell(TurnAudible(turn=turn), TurnQueued(turn=turn, ends_call=True)).expect()
    play.expect_floor(Floor.THINKING)
    play.tell(TurnAudible(turn=2), TurnHeard(turn=turn)).expect()

    play.expect_floor(Floor.AGENT)


def test_news_of_a_turn_that_was_stopped_means_nothing() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=2))

    play.tell(TurnAudible(turn=2), TurnQueued(turn=2, ends_call=True), TurnHeard(turn=2)).expect()

    play.expect_floor(Floor.CALLER)


def test_an_answer_that_was_heard_is_not_answered_again() -> None:
    play = answering().our_turn(2, until_s=5.0).expect(NoteHeard(turn=2))

    play.at(6.0).their_speech(2, until_s=7.0)

    play.their_words(2, "Bye", ask_agent(3, "Bye", spoke_until_s=7.0))


def test_a_farewell_ends_the_call_when_it_was_heard() -> None:
    play = answering()

    play.our_turn(2, until_s=6.0, ends_call=True).expect(NoteHeard(turn=2), WE_HANG_UP)

    assert play.machine.is_over


def test_a_farewell_whose_mark_is_lost_ends_the_call() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0, ends_call=True)).expect()

    play.at(5.0 + LOST_MARK_S).expect(NoteHeard(turn=2), WE_HANG_UP)


def test_a_farewell_without_words_ends_the_call_at_once() -> None:
    thinking().tell(TurnQueued(turn=2, ends_call=True)).expect(NoteHeard(turn=2), WE_HANG_UP)


def test_a_farewell_that_was_stopped_is_not_that_of_the_next_turn() -> None:
    play = thinking().tell(TurnQueued(turn=2, lasts_s=1.0, ends_call=True)).expect()
    play.tell(request(1)).expect(StopTurn(turn=2), Say(turn=3, text="Listen"))

    play.tell(TurnAudible(turn=3), TurnHeard(turn=3))

    play.expect(NoteHeard(turn=3), AnswerPrompt(prompt=1, turn=3))


def test_a_farewell_that_is_interrupted_does_not_end_the_call() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=3.0, ends_call=True)).expect()

    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=2))
    play.their_words(2, "No", ask_agent(3, "No", spoke_until_s=6.0))
    play.our_turn(3, until_s=8.0).expect(NoteHeard(turn=3))

    assert not play.machine.is_over
