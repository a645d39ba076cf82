import pytest

from tests.call.playbook import (
    CONNECTED,
    PLACED,
    Play,
    conversation,
    finish,
    listening,
    notification,
)
from voicecalld.call.commands import BeginUtterance, NoteHeard, NoteIgnored, Say, StopTurn
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Disconnected,
    EndReason,
    HungUp,
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
from voicecalld.call.machine import CallMachine
from voicecalld.call.record import CallState

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
