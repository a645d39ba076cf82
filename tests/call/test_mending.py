"""Turns of ours that fail: one more attempt, then good-bye."""

from dataclasses import replace

import pytest

from tests.call.playbook import CONNECTED, Play, conversation, finish, listening, notification
from tests.call.scenes import answering, ask_agent, request, thinking
from voicecalld.call.commands import (
    AnswerPrompt,
    AskAgent,
    BeginUtterance,
    CommitUtterance,
    NoteHeard,
    Say,
    StopTurn,
)
from voicecalld.call.events import (
    EndReason,
    PressedKey,
    Remedy,
    ServiceLost,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    TurnAudible,
    TurnHeard,
    TurnQueued,
)
from voicecalld.call.floor import Floor
from voicecalld.call.machine import CallPolicy
from voicecalld.call.mending import FAREWELL_S

FAREWELL = "I have to go. Goodbye."
BROKEN = finish(EndReason.ERROR, cause="broken")
DEAF = ServiceLost(reason="broken")


def polite(policy: CallPolicy | None = None) -> CallPolicy:
    policy = policy or conversation()
    return replace(policy, turn=replace(policy.turn, failure_farewell=FAREWELL))


def failed(turn: int, remedy: Remedy = Remedy.AGAIN, lasts_s: float = 0.0) -> TurnQueued:
    return TurnQueued(turn=turn, lasts_s=lasts_s, failed=True, remedy=remedy, reason="broken")


def asked_again(turn: int) -> AskAgent:
    return replace(ask_agent(turn, "Hello", spoke_until_s=3.0), again=True)


def polite_thinking() -> Play:
    """They said "Hello" from 2.0 to 3.0, and the agent thinks about turn 2 since 3.7."""
    play = listening(polite()).at(2.0).their_speech(1, until_s=3.0)
    return play.their_words(1, "Hello", ask_agent(2, "Hello", spoke_until_s=3.0))


def saying_farewell() -> Play:
    """The farewell, turn 3, is to be said since 3.7."""
    play = polite_thinking().tell(failed(2, Remedy.FAREWELL))
    return play.expect(NoteHeard(turn=2), Say(turn=3, text=FAREWELL))


# --- the answer -----------------------------------------------------------------------


def test_an_answer_that_has_failed_is_asked_for_once_more() -> None:
    polite_thinking().tell(failed(2)).expect(NoteHeard(turn=2), asked_again(3))


def test_a_second_attempt_that_succeeds_is_an_answer_like_others() -> None:
    play = polite_thinking().tell(failed(2)).expect(NoteHeard(turn=2), asked_again(3))

    play.our_turn(3, until_s=9.0).expect(NoteHeard(turn=3))

    play.expect_floor(Floor.OPEN)


def test_after_a_success_the_next_failure_is_the_first() -> None:
    play = polite_thinking().tell(failed(2)).expect(NoteHeard(turn=2), asked_again(3))
    play.our_turn(3, until_s=9.0).expect(NoteHeard(turn=3))
    play.at(10.0).their_speech(2, until_s=11.0)
    asked = ask_agent(4, "Well", spoke_until_s=11.0)
    play.their_words(2, "Well", asked)

    play.tell(failed(4))

    play.expect(NoteHeard(turn=4), replace(asked, turn=5, again=True))


def test_two_answers_that_fail_in_a_row_end_the_call_with_a_farewell() -> None:
    play = polite_thinking().tell(failed(2)).expect(NoteHeard(turn=2), asked_again(3))

    play.tell(failed(3)).expect(NoteHeard(turn=3), Say(turn=4, text=FAREWELL))

    play.our_turn(4, until_s=8.0).expect(NoteHeard(turn=4), BROKEN)


def test_an_answer_that_breaks_off_is_heard_before_it_is_asked_for_again() -> None:
    play = answering().tell(failed(2, lasts_s=2.0)).expect()

    play.at(6.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), asked_again(3))


def test_a_plea_for_patience_is_heard_to_its_end_before_the_second_attempt() -> None:
    play = polite_thinking().tell(failed(2, lasts_s=1.0)).expect()

    play.at(4.7).expect(NoteHeard(turn=2), asked_again(3))


def test_what_they_add_before_the_second_attempt_is_heard_goes_with_what_they_said() -> None:
    play = thinking().tell(failed(2)).expect(NoteHeard(turn=2), asked_again(3))

    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=3))
    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=2))

    asked = ask_agent(4, "Hello please", spoke_until_s=6.0, waited_s=5.3 - 3.7)
    play.their_words(2, "please", replace(asked, again=True))


def test_who_waits_in_vain_and_speaks_again_has_waited_before() -> None:
    play = polite_thinking().at(10.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(10.3).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(11.0).tell(SpeechStopped()).at(11.7).expect(CommitUtterance(utterance=2))

    asked = ask_agent(3, "Hello Well", spoke_until_s=11.0, waited_s=10.3 - 3.7)
    play.their_words(2, "Well", asked)

    play.tell(failed(3)).expect(
        NoteHeard(turn=3), replace(asked, turn=4, again=True, waited_s=0.0)
    )


def test_the_second_attempt_has_a_time_of_its_own_for_who_speaks_before_it_begins() -> None:
    play = polite_thinking().at(9.7).tell(failed(2, lasts_s=1.0)).expect()
    play.at(10.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(10.3).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(11.0).tell(SpeechStopped()).at(11.7).expect(CommitUtterance(utterance=2))

    asked = ask_agent(3, "Hello Well", spoke_until_s=11.0, waited_s=10.3 - 9.7)
    play.their_words(2, "Well", replace(asked, again=True))


def test_there_is_no_time_for_a_third_attempt() -> None:
    play = polite_thinking().at(9.7).tell(failed(2)).expect(NoteHeard(turn=2), asked_again(3))
    play.at(19.7).tell(failed(3, lasts_s=1.0)).expect()
    play.at(20.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(20.3).tell(SpeechSustained()).expect(StopTurn(turn=3))
    play.at(21.0).tell(SpeechStopped()).at(21.7).expect(CommitUtterance(utterance=2))

    asked = ask_agent(4, "Hello Well", spoke_until_s=21.0, waited_s=20.3 - 9.7)
    play.their_words(2, "Well", replace(asked, again=True))


def test_who_has_had_an_answer_has_not_waited_for_the_next_one() -> None:
    play = polite_thinking().at(10.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(10.3).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(11.0).tell(SpeechStopped()).at(11.7).expect(CommitUtterance(utterance=2))
    asked = ask_agent(3, "Hello Well", spoke_until_s=11.0, waited_s=10.3 - 3.7)
    play.their_words(2, "Well", asked).at(12.0).our_turn(3, until_s=14.0)
    play.expect(NoteHeard(turn=3)).at(15.0).their_speech(3, until_s=16.0)

    play.their_words(3, "Fine", ask_agent(4, "Fine", spoke_until_s=16.0))


def test_where_another_attempt_is_in_vain_there_is_only_the_farewell() -> None:
    saying_farewell().our_turn(3, until_s=8.0).expect(NoteHeard(turn=3), BROKEN)


def test_keys_that_the_carrier_did_not_press_end_nothing() -> None:
    play = polite_thinking().tell(failed(2, Remedy.NONE)).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.OPEN)


def test_whoever_has_something_to_say_says_it_in_place_of_a_second_attempt() -> None:
    play = answering().tell(failed(2, lasts_s=2.0), request(1)).expect()

    play.at(6.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), Say(turn=3, text="Listen"))


def test_a_prompt_that_fails_is_the_business_of_whoever_asked_for_it() -> None:
    play = listening(polite()).at(2.0).tell(request(1)).expect(Say(turn=2, text="Listen"))

    play.tell(failed(2, Remedy.FAREWELL))

    play.expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2, failed=True))
    play.expect_floor(Floor.OPEN)


def test_an_opening_that_cannot_be_said_ends_the_call() -> None:
    play = Play(polite()).at(0.0).tell(CONNECTED).expect(Say(turn=1, text="Hello"))

    play.tell(failed(1, Remedy.FAREWELL)).expect(NoteHeard(turn=1), Say(turn=2, text=FAREWELL))


def test_a_notification_that_fails_is_over_without_more_words() -> None:
    play = Play(polite(notification())).at(0.0).tell(CONNECTED)
    play.expect(Say(turn=1, text="The door is open"))

    play.tell(failed(1, Remedy.FAREWELL)).expect(NoteHeard(turn=1), BROKEN)


# --- the farewell ---------------------------------------------------------------------


def test_without_a_farewell_the_call_is_over_at_once() -> None:
    thinking().tell(failed(2, Remedy.FAREWELL)).expect(NoteHeard(turn=2), BROKEN)


def test_a_farewell_that_nobody_can_hear_is_not_waited_for() -> None:
    saying_farewell().at(3.7 + FAREWELL_S).expect(BROKEN)


def test_a_farewell_that_fails_ends_the_call_for_the_reason_that_it_was_said_for() -> None:
    queued = TurnQueued(turn=3, failed=True, remedy=Remedy.FAREWELL, reason="hoarse")

    saying_farewell().tell(queued).expect(NoteHeard(turn=3), BROKEN)


@pytest.mark.parametrize("is_audible", [False, True])
def test_a_farewell_cannot_be_interrupted(is_audible: bool) -> None:
    play = saying_farewell()
    if is_audible:
        play.tell(TurnAudible(turn=3)).expect()

    play.tell(SpeechBegan()).expect(BeginUtterance())

    play.tell(SpeechSustained(), PressedKey(digit="1"))
    assert not any(isinstance(command, StopTurn) for command in play.asked)


# --- deaf -----------------------------------------------------------------------------


def test_who_has_gone_deaf_says_farewell_when_nobody_speaks() -> None:
    play = listening(polite()).at(2.0).tell(DEAF).expect(Say(turn=2, text=FAREWELL))

    play.our_turn(2, until_s=5.0).expect(NoteHeard(turn=2), BROKEN)


def test_who_has_gone_deaf_lets_the_other_party_end_their_words() -> None:
    play = listening(polite()).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(2.5).tell(DEAF).expect()

    play.at(3.0).tell(SpeechStopped()).expect(Say(turn=2, text=FAREWELL))


def test_words_that_are_being_made_out_are_not_waited_for() -> None:
    play = listening(polite()).at(2.0).their_speech(1, until_s=3.0)

    play.at(4.0).tell(DEAF).expect(Say(turn=2, text=FAREWELL))


def test_who_goes_deaf_in_a_pause_of_the_other_party_says_farewell() -> None:
    play = listening(polite()).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.0).tell(SpeechStopped()).expect()

    play.at(3.2).tell(DEAF).expect(Say(turn=2, text=FAREWELL))


def test_an_answer_is_said_to_its_end_by_who_has_gone_deaf() -> None:
    play = polite_thinking().tell(DEAF).expect()

    play.our_turn(2, until_s=8.0).expect(NoteHeard(turn=2), Say(turn=3, text=FAREWELL))


def test_who_has_gone_deaf_before_the_answer_says_the_farewell_for_an_opening() -> None:
    Play(polite()).at(0.0).tell(DEAF, CONNECTED).expect(Say(turn=1, text=FAREWELL))


def test_a_deaf_side_that_fails_to_answer_does_not_try_again() -> None:
    play = polite_thinking().tell(DEAF).expect()

    play.tell(failed(2)).expect(NoteHeard(turn=2), Say(turn=3, text=FAREWELL))


def test_nobody_need_hear_to_notify_somebody() -> None:
    play = Play(polite(notification())).at(0.0).tell(DEAF, CONNECTED)
    play.expect(Say(turn=1, text="The door is open"))

    play.tell(DEAF).expect()
