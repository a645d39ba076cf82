"""A transcriber that tells words early: how long we wait, and what takes the floor from us."""

import pytest

from tests.call.playbook import CONNECTED, Play, listening
from tests.call.scenes import ask_agent, attentive, request
from voicecalld.call.commands import (
    AnswerPrompt,
    BeginUtterance,
    CommitUtterance,
    DiscardUtterance,
    NoteHeard,
    NoteIgnored,
    NoteWords,
    ResumeTurn,
    Say,
    SayFiller,
    StopTurn,
)
from voicecalld.call.events import (
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
    WordsGuessed,
)
from voicecalld.call.floor import Floor
from voicecalld.call.machine import CallPolicy

SAID = "We are open from Monday to Friday"


def paused(policy: CallPolicy | None = None) -> Play:
    """They spoke from 2.0 to 3.0, as we know since 3.2."""
    play = listening(policy or attentive()).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    return play.at(3.2).tell(SpeechStopped(ago_s=0.2)).expect(CommitUtterance(utterance=1))


def answering(policy: CallPolicy | None = None) -> Play:
    """The answer, turn 2, is being heard since 4.0."""
    play = paused(policy).at(3.3)
    asked = ask_agent(2, "Hello.", spoke_until_s=3.0, endpointed_s=3.3)
    play.their_words(1, "Hello.", asked)
    return play.at(4.0).tell(TurnAudible(turn=2), TurnQueued(turn=2, lasts_s=9.0)).expect()


def spoken_over(policy: CallPolicy | None = None) -> Play:
    """They speak over the answer since 5.0; that is no noise, as we know at 5.3."""
    play = answering(policy).at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    return play.at(5.3).tell(SpeechSustained()).expect()


def interrupted(policy: CallPolicy | None = None) -> Play:
    """They spoke over the answer from 5.0 to 5.8, without a word so far."""
    play = spoken_over(policy).at(5.5).expect(StopTurn(turn=2))
    return play.at(5.8).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))


# --- when they have paused ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "until_s"),
    [("Hello.", 3.3), ("Hello", 3.7), ("5 5 5", 3.8), ("I want a table and", 4.4)],
)
def test_what_they_have_said_tells_how_long_they_may_pause(text: str, until_s: float) -> None:
    play = paused().at(3.25).their_words(1, text)

    play.at(until_s).expect(ask_agent(2, text, spoke_until_s=3.0, endpointed_s=until_s))


def test_words_that_come_after_their_wait_are_answered_at_once() -> None:
    play = paused().at(3.6)

    play.their_words(1, "Hello.", ask_agent(2, "Hello.", spoke_until_s=3.0, endpointed_s=3.6))


def test_whoever_goes_on_in_the_pause_begins_the_wait_anew_and_is_answered_once() -> None:
    play = paused().at(3.25).their_words(1, "I want a table.")
    play.at(3.28).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(9.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))

    play.at(9.1).their_words(2, "For two.")

    asked = ask_agent(2, "I want a table. For two.", spoke_until_s=9.0, endpointed_s=9.3)
    play.at(9.3).expect(asked)


def test_a_pause_without_words_frees_the_floor_at_once() -> None:
    play = paused().at(3.3).tell(Transcribed(utterance=1, text="")).expect()

    play.expect_floor(Floor.OPEN)


def test_the_cap_ends_the_wait_and_late_words_are_still_answered() -> None:
    play = paused().at(5.0).expect()
    play.expect_floor(Floor.TRANSCRIBING)

    asked = ask_agent(2, "Hi and", spoke_until_s=3.0, endpointed_s=5.0, transcribed_s=6.0)
    play.at(6.0).their_words(1, "Hi and", asked)


def test_a_guess_is_answered_when_the_words_never_come() -> None:
    play = paused().at(3.3).tell(WordsGuessed(text=" Hello")).expect()

    asked = ask_agent(2, "Hello", spoke_until_s=3.0, endpointed_s=5.0, transcribed_s=10.0)
    play.at(10.0).expect(NoteWords(utterance=1, text="Hello"), asked)


# --- when they speak over us ----------------------------------------------------------


def test_a_real_word_interrupts_as_soon_as_the_voice_is_no_noise() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(WordsGuessed(text="Wait")).expect()

    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=2))


def test_a_real_word_behind_an_aside_interrupts() -> None:
    play = spoken_over().tell(WordsGuessed(text="Yeah")).expect()

    play.at(6.0).tell(WordsGuessed(text="Yeah but")).expect(StopTurn(turn=2))


def test_half_a_second_of_voice_interrupts_without_words_and_a_shorter_one_does_not() -> None:
    play = spoken_over().at(5.499).expect()

    play.at(5.5).expect(StopTurn(turn=2))


@pytest.mark.parametrize("guess", ["Mm-hm", "Yeah, okay", "are open from", "we were open from"])
def test_asides_and_our_own_words_do_not_interrupt(guess: str) -> None:
    play = spoken_over().tell(WordsGuessed(text=guess, said=SAID)).expect()

    play.at(7.0).expect()

    play.expect_floor(Floor.AGENT)


def test_an_aside_is_noted_and_not_answered() -> None:
    play = spoken_over().tell(WordsGuessed(text="Yeah")).expect()
    play.at(5.6).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))

    play.at(5.7).their_words(2, "Yeah.")

    play.at(8.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2))
    play.expect_floor(Floor.OPEN)


def test_an_aside_that_is_known_when_we_have_finished_is_an_answer() -> None:
    play = spoken_over().tell(WordsGuessed(text="Yes")).expect()
    play.at(5.6).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))
    play.tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.at(6.0)
    play.their_words(2, "Yes.", ask_agent(3, "Yes.", spoke_until_s=5.6, endpointed_s=6.0))


def test_our_own_words_are_no_words_of_theirs() -> None:
    play = interrupted().at(5.9)

    play.tell(Transcribed(utterance=2, text="We are open", said=SAID))

    play.expect(NoteIgnored(what="our own words, come back: We are open"), ResumeTurn(turn=3))


def test_one_of_our_words_may_be_an_answer() -> None:
    play = interrupted().at(6.2).tell(Transcribed(utterance=2, text="Monday.", said=SAID))

    asked = ask_agent(3, "Monday.", spoke_until_s=5.8, endpointed_s=6.2)
    play.expect(NoteWords(utterance=2, text="Monday."), asked)


def test_a_short_word_that_is_known_when_they_are_silent_interrupts() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(WordsGuessed(text="No")).expect()
    play.at(5.2).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))

    play.at(5.3).their_words(2, "No.", StopTurn(turn=2))

    play.at(5.5).expect(ask_agent(3, "No.", spoke_until_s=5.2, endpointed_s=5.5))


def test_a_noise_that_nobody_takes_for_words_is_discarded() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(5.2).tell(SpeechStopped()).expect(DiscardUtterance())

    play.at(7.0).expect()


# --- when nobody meant to interrupt ---------------------------------------------------


def test_an_interruption_without_words_is_forgotten_and_we_go_on() -> None:
    play = interrupted().at(6.0).tell(Transcribed(utterance=2, text=""))

    play.expect(ResumeTurn(turn=3))

    play.our_turn(3, until_s=9.0).expect(NoteHeard(turn=3))
    play.expect_floor(Floor.OPEN)


def test_we_go_on_when_no_words_have_come_for_two_seconds() -> None:
    play = interrupted().at(7.799).expect()

    play.at(7.8).expect(ResumeTurn(turn=3))


def test_words_that_come_when_we_have_gone_on_interrupt_and_are_answered() -> None:
    play = interrupted().at(7.8).expect(ResumeTurn(turn=3)).tell(TurnAudible(turn=3)).expect()

    play.at(9.0).their_words(
        2,
        "Wait.",
        StopTurn(turn=3),
        ask_agent(4, "Wait.", spoke_until_s=5.8, endpointed_s=9.0),
    )


def test_a_guess_keeps_us_from_going_on() -> None:
    play = interrupted().at(6.0).tell(WordsGuessed(text="Wait")).expect()

    play.at(8.5).expect()


def test_a_farewell_that_was_cut_by_nobody_still_ends_the_call() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=9.0, ends_call=True)).expect()
    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.6).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(5.8).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))

    play.tell(Transcribed(utterance=2, text="")).expect(ResumeTurn(turn=3, ends_call=True))


def test_what_we_go_on_with_is_not_given_up_for_a_noise() -> None:
    play = interrupted().at(6.0).tell(Transcribed(utterance=2, text="")).expect(ResumeTurn(turn=3))

    play.at(6.1).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(6.2).tell(SpeechStopped()).expect(DiscardUtterance())


def test_where_it_is_not_wanted_we_do_not_go_on() -> None:
    play = interrupted(attentive(false_interruption_s=0.0)).at(6.0)

    play.tell(Transcribed(utterance=2, text="")).expect()

    play.expect_floor(Floor.OPEN)


# --- a protected opening --------------------------------------------------------------


def test_what_is_said_over_a_protected_opening_is_answered_behind_it() -> None:
    play = Play(attentive(is_opening_protected=True)).at(0.0).tell(CONNECTED)
    play.expect(Say(turn=1, text="Hello")).tell(TurnAudible(turn=1)).expect()
    play.at(0.5).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(1.5).tell(SpeechSustained(), WordsGuessed(text="I want")).expect()
    play.at(2.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))
    play.at(2.1).their_words(1, "I want a table.")

    play.at(4.0).tell(TurnQueued(turn=1), TurnHeard(turn=1))

    asked = ask_agent(2, "I want a table.", spoke_until_s=2.0, endpointed_s=4.0)
    play.expect(NoteHeard(turn=1), asked)


# --- fillers --------------------------------------------------------------------------


def test_a_slow_answer_is_filled_once() -> None:
    play = paused(attentive(filler="Well")).at(3.3)
    asked = ask_agent(2, "Hello.", spoke_until_s=3.0, endpointed_s=3.3)
    play.their_words(1, "Hello.", asked)

    play.at(4.5).expect(SayFiller(turn=2, text="Well"))

    play.at(20.0).expect()
    play.expect_floor(Floor.THINKING)


def test_a_quick_answer_is_not_filled() -> None:
    answering(attentive(filler="Well")).at(9.0).expect()


def test_what_we_are_asked_to_say_is_not_filled() -> None:
    play = listening(attentive(filler="Well")).at(2.0).tell(request(1))
    play.expect(Say(turn=2, text="Listen"))

    play.at(9.0).expect()


def test_an_answer_that_was_given_up_is_not_filled() -> None:
    play = paused(attentive(filler="Well")).at(3.3)
    asked = ask_agent(2, "Hello.", spoke_until_s=3.0, endpointed_s=3.3)
    play.their_words(1, "Hello.", asked)

    play.at(4.0).tell(request(1)).expect(StopTurn(turn=2), Say(turn=3, text="Listen"))

    play.at(5.0).our_turn(3, until_s=6.0).expect(NoteHeard(turn=3), AnswerPrompt(prompt=1, turn=3))


def test_a_guess_without_words_changes_nothing() -> None:
    play = interrupted().tell(WordsGuessed(text=" ")).expect()

    play.at(7.8).expect(ResumeTurn(turn=3))


def test_late_words_of_their_turn_before_do_not_interrupt_our_answer_to_it() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(WordsGuessed(text="Hello there", utterance=1)).expect()
    play.tell(Transcribed(utterance=1, text="Hello there.")).expect()

    play.at(5.3).tell(SpeechSustained()).expect()


def test_a_guess_at_what_is_being_said_interrupts_by_its_number() -> None:
    play = spoken_over()

    play.tell(WordsGuessed(text="Stop", utterance=2)).expect(StopTurn(turn=2))
