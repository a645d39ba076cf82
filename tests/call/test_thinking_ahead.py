"""When the agent is asked before it is certain that the other party has ended."""

from dataclasses import replace

import pytest

from tests.call.playbook import Play, listening
from tests.call.scenes import ask_agent, attentive, request
from voicecalld.call.commands import (
    AskAhead,
    BeginUtterance,
    CommitUtterance,
    ForgetAhead,
    NoteWords,
)
from voicecalld.call.events import (
    PressedKey,
    SpeechBegan,
    SpeechStopped,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
    WordsGuessed,
)
from voicecalld.call.machine import CallPolicy
from voicecalld.call.record import Mode
from voicecalld.call.thinking_ahead import is_same


def speculative() -> CallPolicy:
    policy = attentive()
    return replace(policy, turn=replace(policy.turn, is_speculative=True))


def paused(policy: CallPolicy | None = None) -> Play:
    """They spoke from 2.0 to 3.0, as we know since 3.2."""
    play = listening(policy or speculative()).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    return play.at(3.2).tell(SpeechStopped(ago_s=0.2)).expect(CommitUtterance(utterance=1))


def heard(play: Play, text: str, *ahead: AskAhead) -> Play:
    said = NoteWords(utterance=1, text=text)
    return play.tell(Transcribed(utterance=1, text=text)).expect(said, *ahead)


def ahead(text: str) -> AskAhead:
    return AskAhead(text=text, digits="")


@pytest.mark.parametrize("text", ["I want a table", "It is 5 5 5"])
def test_the_agent_is_asked_as_soon_as_the_words_are_known(text: str) -> None:
    play = heard(paused().at(3.25), text, ahead(text))

    until_s = 3.7 if text == "I want a table" else 3.8
    play.at(until_s).expect(ask_agent(2, text, spoke_until_s=3.0, endpointed_s=until_s))


def test_where_it_is_not_wanted_nobody_is_asked_ahead() -> None:
    heard(paused(attentive()).at(3.25), "I want a table")


def test_words_behind_which_something_follows_are_not_asked_ahead() -> None:
    heard(paused().at(3.25), "I want a table and")


def test_a_guess_that_sounds_whole_is_asked_ahead_and_the_same_words_not_again() -> None:
    play = paused().at(3.22)
    play.tell(WordsGuessed(text="I want", utterance=1)).expect()
    play.tell(WordsGuessed(text="I want it.", utterance=1)).expect(ahead("I want it."))

    heard(play.at(3.25), "I want it")


def test_other_words_than_the_guess_are_asked_ahead_anew_but_not_for_ever() -> None:
    play = paused().at(3.22)
    for text in ("No.", "Now.", "Know."):
        expected = [ahead(text)] if text != "Know." else []
        play.tell(WordsGuessed(text=text, utterance=1)).expect(*expected)


def test_what_was_thought_of_is_forgotten_when_they_go_on() -> None:
    play = heard(paused().at(3.25), "I want a table", ahead("I want a table"))

    play.at(3.5).tell(SpeechBegan()).expect(BeginUtterance(), ForgetAhead())
    play.at(4.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))
    play.at(4.1).tell(Transcribed(utterance=2, text="for two")).expect(
        NoteWords(utterance=2, text="for two"), ahead("I want a table for two")
    )


def test_what_was_thought_of_is_kept_while_the_words_are_late() -> None:
    play = paused().at(3.22).tell(WordsGuessed(text="No.", utterance=1)).expect(ahead("No."))
    play.at(5.0).expect()

    said = NoteWords(utterance=1, text="No.")
    asked = ask_agent(2, "No.", spoke_until_s=3.0, endpointed_s=5.0, transcribed_s=6.0)
    play.at(6.0).tell(Transcribed(utterance=1, text="No.")).expect(said, asked)


def test_the_next_turn_may_be_thought_of_as_often_again() -> None:
    play = paused().at(3.22)
    for text in ("No.", "Now."):
        play.tell(WordsGuessed(text=text, utterance=1)).expect(ahead(text))
    heard(play.at(3.25), "Now.")
    play.at(3.3).expect(ask_agent(2, "Now.", spoke_until_s=3.0, endpointed_s=3.3))
    play.tell(TurnAudible(turn=2)).expect()

    assert (play.machine.ahead.asked, play.machine.ahead.times) == (None, 0)


def test_words_that_somebody_else_awaits_are_not_thought_of() -> None:
    play = listening(speculative()).tell(request(1, reply=True))
    play.tell(TurnAudible(turn=2), TurnQueued(turn=2, lasts_s=0.5), TurnHeard(turn=2))
    play.asked.clear()
    play.at(3.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.5).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))

    heard(play, "I want a table")


def test_in_a_notification_nobody_thinks() -> None:
    policy = speculative()
    notice = replace(policy, turn=replace(policy.turn, mode=Mode.NOTIFY))

    play = listening(notice).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(2.5).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))

    heard(play, "I want a table")


def test_keys_are_thought_of_with_the_words() -> None:
    play = listening(speculative()).at(2.0).tell(PressedKey(digit="5"))
    play.asked.clear()
    play.tell(SpeechBegan()).expect(BeginUtterance())
    play.at(2.5).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))

    heard(play, "That is it", AskAhead(text="That is it", digits="5"))


@pytest.mark.parametrize(
    ("other", "same"), [("hello there", True), ("Hello, THERE!", True), ("hello", False)]
)
def test_marks_and_capitals_make_no_other_words(other: str, *, same: bool) -> None:
    assert is_same("Hello there.", other) is same
