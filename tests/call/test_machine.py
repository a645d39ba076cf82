from dataclasses import replace

import pytest

from tests.call.playbook import CONNECTED, Play, conversation, listening, notification
from voicecalld.call.commands import (
    AnswerPrompt,
    BeginUtterance,
    CommitUtterance,
    Finish,
    NoteHeard,
    NoteIgnored,
    Say,
    StopTurn,
)
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Disconnected,
    EndReason,
    HungUp,
    Placed,
    PressedKey,
    PromptAbandoned,
    PromptRequested,
    Rang,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
    Woke,
)
from voicecalld.call.machine import CONNECT_S, RECONNECT_S, CallMachine
from voicecalld.call.our_turn import LOST_MARK_S
from voicecalld.call.record import CallState
from voicecalld.ids import ProviderCallId

PLACED = Placed(provider_call_id=ProviderCallId("carrier-1"))


def finish(reason: EndReason, *, carrier_knows: bool = False) -> Finish:
    return Finish(reason=reason, carrier_knows=carrier_knows)


# --- what clients see -----------------------------------------------------------------


def test_clients_see_a_call_ring_become_active_speak_and_listen() -> None:
    play = Play(conversation())
    assert play.machine.state is CallState.INITIATED

    play.at(0.0).tell(PLACED, Rang()).at(2.0).tell(Answered()).expect()
    play.at(2.5).tell(CONNECTED).expect(Say(turn=1, text="Hello"))
    play.our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))
    play.at(5.0).their_speech(1, until_s=6.0).tell(Transcribed(utterance=1, text="Hi"))
    play.asked.clear()
    play.our_turn(2, until_s=8.0).expect(NoteHeard(turn=2))
    play.at(9.0).tell(HungUp(reason=EndReason.HANGUP_USER))

    assert play.states == [
        CallState.RINGING,
        CallState.ANSWERED,
        CallState.ACTIVE,
        CallState.SPEAKING,
        CallState.LISTENING,
        CallState.SPEAKING,
        CallState.LISTENING,
    ]


def test_a_call_without_a_greeting_listens_at_once() -> None:
    play = Play(conversation(opening=""))

    play.at(0.0).tell(CONNECTED)

    assert play.states == [CallState.LISTENING]


def test_a_greeting_that_is_interrupted_before_it_is_audible_was_never_spoken() -> None:
    play = Play(conversation()).at(0.0).tell(CONNECTED).expect(Say(turn=1, text="Hello"))

    play.tell(SpeechBegan()).expect(BeginUtterance())
    play.at(0.3).tell(SpeechSustained()).expect(StopTurn(turn=1))

    assert play.states == [CallState.ACTIVE, CallState.LISTENING]


def test_an_interruption_ends_the_state_of_speaking() -> None:
    play = Play(conversation()).at(0.0).tell(CONNECTED, TurnAudible(turn=1))
    play.expect(Say(turn=1, text="Hello"))

    play.at(1.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(1.3).tell(SpeechSustained()).expect(StopTurn(turn=1))

    assert play.states == [CallState.ACTIVE, CallState.SPEAKING, CallState.LISTENING]


def test_a_short_break_of_the_audio_is_not_shown() -> None:
    play = listening()
    shown = list(play.states)

    play.at(2.0).tell(Disconnected()).at(3.0).tell(CONNECTED).expect()

    assert play.states == shown


def test_the_state_after_the_end_is_the_last_one_that_was_shown() -> None:
    play = listening()

    play.tell(HungUp(reason=EndReason.HANGUP_USER))

    assert play.machine.state is CallState.LISTENING


# --- the end --------------------------------------------------------------------------


def test_the_carrier_is_not_told_of_an_end_that_it_reported() -> None:
    play = listening().tell(HungUp(reason=EndReason.HANGUP_USER))

    play.expect(finish(EndReason.HANGUP_USER, carrier_knows=True))


def test_the_carrier_is_told_of_an_end_that_we_decided() -> None:
    play = listening().tell(HungUp(reason=EndReason.HANGUP_BOT, by_us=True))

    play.expect(finish(EndReason.HANGUP_BOT))


@pytest.mark.parametrize(
    "event",
    [
        PLACED,
        Rang(),
        Answered(),
        CONNECTED,
        Disconnected(),
        HungUp(reason=EndReason.FAILED),
        SpeechBegan(),
        SpeechSustained(),
        SpeechStopped(),
        Transcribed(utterance=1, text="Hello"),
        PressedKey(digit="1"),
        PromptRequested(prompt=1, text="Listen"),
        PromptAbandoned(prompt=1),
        TurnAudible(turn=1),
        TurnQueued(turn=1),
        TurnHeard(turn=1),
        Woke(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_after_the_end_are_ignored_and_change_nothing(event: CallEvent) -> None:
    play = listening().tell(HungUp(reason=EndReason.HANGUP_USER))
    play.asked.clear()
    states = list(play.states)

    play.at(9.0).tell(event).expect(NoteIgnored(what=type(event).__name__))

    assert play.machine.is_over
    assert play.machine.wake_at_s is None
    assert play.states == states


def test_nothing_follows_the_end_in_what_is_asked_for() -> None:
    machine = CallMachine(notification(), 0.0)
    machine.handle(CONNECTED, 0.0)
    machine.handle(TurnAudible(turn=1), 0.1)
    machine.handle(TurnQueued(turn=1, lasts_s=1.0, ends_call=True), 0.1)

    commands = machine.handle(TurnHeard(turn=1), 1.1)

    assert commands == (NoteHeard(turn=1), finish(EndReason.HANGUP_BOT))


def test_words_before_the_audio_is_connected_are_ignored() -> None:
    play = Play(conversation()).tell(PLACED, Answered()).expect()

    play.tell(SpeechBegan()).expect(NoteIgnored(what="SpeechBegan"))


def test_an_event_that_the_leg_refuses_is_ignored() -> None:
    play = Play(conversation())

    play.tell(Disconnected()).expect(NoteIgnored(what="Disconnected"))

    assert play.states == []


# --- the times that a call may take ---------------------------------------------------


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

    play.at(5.0 + CONNECT_S).expect(finish(EndReason.FAILED))


def test_a_second_answer_does_not_give_the_audio_more_time() -> None:
    play = Play(conversation()).at(5.0).tell(Answered()).expect()

    play.at(9.0).tell(Answered()).expect(NoteIgnored(what="Answered"))

    play.at(5.0 + CONNECT_S).expect(finish(EndReason.FAILED))


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
    play.at(100.0).tell(Answered()).expect(NoteIgnored(what="Answered"))
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
