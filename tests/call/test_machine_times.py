from dataclasses import replace

import pytest

from tests.call.playbook import CONNECTED, PLACED, Play, conversation, finish, listening
from voicecalld.call.commands import AnswerPrompt, BeginUtterance, CommitUtterance, NoteHeard, Say
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Disconnected,
    EndReason,
    HungUp,
    PromptRequested,
    Rang,
    SpeechBegan,
    SpeechStopped,
    TurnAudible,
    TurnHeard,
    TurnQueued,
    Woke,
)
from voicecalld.call.machine import CONNECT_S, NEVER_CONNECTED, RECONNECT_S, CallMachine
from voicecalld.call.our_turn import LOST_MARK_S


def test_a_telephone_that_rings_too_long_is_given_up() -> None:
    play = Play(conversation()).at(1.0).tell(PLACED).at(3.0).tell(Rang()).expect()

    play.at(30.999).expect()

    play.at(31.0).expect(finish(EndReason.NO_ANSWER))


def test_a_call_that_rings_before_it_is_known_to_be_placed_is_given_up_as_well() -> None:
    play = Play(conversation()).at(1.0).tell(Rang()).at(2.0).tell(PLACED).expect()

    play.at(31.0).expect(finish(EndReason.NO_ANSWER))


@pytest.mark.parametrize("overtaking", [Answered(), CONNECTED], ids=["answered", "connected"])
def test_an_answer_that_overtakes_the_news_that_we_dial_is_no_unanswered_call(
    overtaking: CallEvent,
) -> None:
    play = Play(conversation(opening="", silence_s=0.0)).at(0.0).tell(overtaking)

    play.tell(PLACED, CONNECTED)
    play.asked.clear()

    play.at(299.0).expect()


def test_an_answer_without_audio_fails() -> None:
    play = Play(conversation()).at(0.0).tell(PLACED).at(5.0).tell(Answered()).expect()

    play.at(5.0 + CONNECT_S - 0.001).expect()

    play.at(5.0 + CONNECT_S).expect(finish(EndReason.FAILED, cause=NEVER_CONNECTED))


@pytest.mark.parametrize("reason", [EndReason.HANGUP_USER, EndReason.COMPLETED])
def test_a_call_that_the_carrier_ends_before_there_was_any_sound_has_failed(
    reason: EndReason,
) -> None:
    play = Play(conversation()).at(5.0).tell(Answered()).expect()

    play.at(5.2).tell(HungUp(reason=reason))

    play.expect(finish(EndReason.FAILED, carrier_knows=True, cause=NEVER_CONNECTED))


@pytest.mark.parametrize("reason", [EndReason.BUSY, EndReason.NO_ANSWER, EndReason.VOICEMAIL])
def test_a_call_without_sound_ends_for_the_reason_that_the_carrier_is_sure_of(
    reason: EndReason,
) -> None:
    play = Play(conversation()).at(5.0).tell(PLACED, Rang()).expect()

    play.tell(HungUp(reason=reason)).expect(finish(reason, carrier_knows=True))


def test_a_call_that_we_end_before_there_was_any_sound_has_not_failed() -> None:
    play = Play(conversation()).at(5.0).tell(Answered()).expect()

    play.tell(HungUp(reason=EndReason.HANGUP_BOT, by_us=True))

    play.expect(finish(EndReason.HANGUP_BOT))


def test_a_second_answer_does_not_give_the_audio_more_time() -> None:
    play = Play(conversation()).at(5.0).tell(Answered()).expect()

    play.at(9.0).tell(Answered()).expect()

    play.at(5.0 + CONNECT_S).expect(finish(EndReason.FAILED, cause=NEVER_CONNECTED))


def test_an_answer_told_while_the_sound_is_interrupted_does_not_wait_for_it_longer() -> None:
    play = listening().at(5.0).tell(Disconnected()).expect()

    play.at(6.0).tell(Answered()).expect()

    play.at(5.0 + RECONNECT_S).expect(finish(EndReason.COMPLETED))


def test_audio_that_is_lost_for_long_means_that_they_have_gone() -> None:
    play = listening().at(5.0).tell(Disconnected()).expect()

    play.at(5.0 + RECONNECT_S - 0.001).expect()

    play.at(5.0 + RECONNECT_S).expect(finish(EndReason.COMPLETED))


def test_audio_that_comes_back_goes_on_with_the_call_and_greets_nobody_twice() -> None:
    play = listening().at(5.0).tell(Disconnected()).at(6.0).tell(CONNECTED).expect()

    play.at(20.0).their_speech(1, until_s=21.0)


def test_nothing_is_missed_while_the_audio_is_lost() -> None:
    play = listening().at(2.0).tell(PromptRequested(prompt=1, text="Wait"))
    play.expect(Say(turn=2, text="Wait")).tell(TurnAudible(turn=2)).expect()

    play.at(3.0).tell(Disconnected(), TurnQueued(turn=2, lasts_s=1.0)).at(4.0).tell(CONNECTED)

    # The mark went with the old stream; the sound could go on only with the new one.
    play.at(4.0 + 1.0 + LOST_MARK_S).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))


def test_a_turn_is_not_over_because_the_line_was_lost_again_and_again() -> None:
    play = listening().at(2.0).tell(PromptRequested(prompt=1, text="Wait"))
    play.expect(Say(turn=2, text="Wait"))
    play.tell(TurnAudible(turn=2), TurnQueued(turn=2, lasts_s=5.0)).expect()

    for lost_s in (3.0, 5.0, 7.0, 9.0):
        play.at(lost_s).tell(Disconnected()).at(lost_s + 1.9).tell(CONNECTED).expect()

    # 5 s of sound, 2 s of waiting for its mark, and four breaks of 1.9 s.
    over_s = 2.0 + 5.0 + LOST_MARK_S + 4 * 1.9
    play.at(over_s - 0.001).expect()
    play.at(over_s).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))


def test_a_turn_that_is_heard_during_a_break_is_not_waited_for_after_it() -> None:
    play = listening().at(2.0).tell(PromptRequested(prompt=1, text="Wait"))
    play.expect(Say(turn=2, text="Wait"))
    play.tell(TurnAudible(turn=2), TurnQueued(turn=2, lasts_s=1.0)).expect()

    play.at(3.0).tell(Disconnected(), TurnHeard(turn=2))
    play.expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))
    play.at(4.0).tell(CONNECTED).expect()

    play.at(20.0).expect()


def test_what_is_due_while_the_audio_is_lost_is_done_and_not_waited_for_again() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.0).tell(SpeechStopped(), Disconnected()).expect()

    play.at(3.7).expect(CommitUtterance(utterance=1))

    assert play.machine.wake_at_s == 3.0 + RECONNECT_S


def test_no_call_is_longer_than_the_longest() -> None:
    policy = conversation(silence_s=0.0)
    play = Play(policy).at(1.0).tell(Answered()).at(2.0).tell(CONNECTED)
    play.expect(Say(turn=1, text="Hello")).our_turn(1, until_s=3.0).expect(NoteHeard(turn=1))

    play.at(300.999).expect()

    play.at(301.0).expect(finish(EndReason.TIMEOUT))


def test_neither_a_second_answer_nor_a_second_stream_makes_a_call_longer() -> None:
    play = Play(conversation(opening="", silence_s=0.0)).at(1.0).tell(Answered(), CONNECTED)
    play.at(100.0).tell(Answered()).expect()
    play.at(200.0).tell(Disconnected(), CONNECTED).expect()

    play.at(301.0).expect(finish(EndReason.TIMEOUT))


def test_a_call_of_which_nothing_is_heard_is_ended() -> None:
    Play(conversation()).at(120.0).expect(finish(EndReason.TIMEOUT))


def test_a_stale_time_of_zero_is_for_ever() -> None:
    play = Play(replace(conversation(), stale_s=0.0))

    assert play.machine.wake_at_s is None


def test_a_call_that_was_answered_is_not_stale() -> None:
    play = Play(conversation(silence_s=0.0)).at(0.0).tell(CONNECTED)
    play.expect(Say(turn=1, text="Hello"))

    play.at(200.0).expect()


def test_a_call_that_is_woken_for_nothing_does_nothing() -> None:
    listening().tell(Woke()).expect()


def test_the_limit_that_came_first_gives_the_reason() -> None:
    machine = CallMachine(replace(conversation(), stale_s=10.0), 0.0)
    machine.handle(PLACED, 0.0)

    # Woken late, when the 30 s of ringing are over as well.
    assert machine.handle(Woke(), 60.0) == (finish(EndReason.TIMEOUT),)
