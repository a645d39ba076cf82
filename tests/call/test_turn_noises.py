"""Voice that begins while we think: a noise changes nothing, words are answered with the rest."""

from dataclasses import replace

from tests.call.playbook import ENDPOINT_S, Play, listening
from tests.call.scenes import ask_agent, attentive, request, thinking
from voicecalld.call.commands import (
    AnswerPrompt,
    BeginUtterance,
    CommitUtterance,
    NoteHeard,
    NoteKey,
    NoteWords,
    ResumeTurn,
    Say,
    StopTurn,
)
from voicecalld.call.events import (
    PressedKey,
    Remedy,
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
from voicecalld.call.patience import KEYS_PAUSE_S

BOTH = ask_agent(3, "Hello. Two.", spoke_until_s=4.1, endpointed_s=4.5)


def attentive_thinking() -> Play:
    """They said "Hello." from 2.0 to 3.0; the agent thinks about turn 2 since 3.3."""
    play = listening(attentive()).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.2).tell(SpeechStopped(ago_s=0.2)).expect(CommitUtterance(utterance=1))
    asked = ask_agent(2, "Hello.", spoke_until_s=3.0, endpointed_s=3.3)
    return play.at(3.3).their_words(1, "Hello.", asked)


def coughed(play: Play) -> Play:
    """They make a short sound from 4.0 to 4.1."""
    play.at(4.0).tell(SpeechBegan()).expect(BeginUtterance())
    return play.at(4.3).tell(SpeechStopped(ago_s=0.2)).expect(CommitUtterance(utterance=2))


# --- nothing of the answer is heard yet -----------------------------------------------


def test_a_cough_does_not_stop_the_agent_from_thinking() -> None:
    play = coughed(thinking()).tell(Transcribed(utterance=2, text="")).expect()

    play.at(5.0).our_turn(2, until_s=6.0).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.OPEN)


def test_a_short_word_stops_the_agent_when_it_is_known_and_is_answered_with_the_rest() -> None:
    play = coughed(attentive_thinking()).at(4.5)

    play.their_words(2, "Two.", StopTurn(turn=2), replace(BOTH, waited_s=4.5 - 3.3))


def test_a_guess_at_a_word_stops_the_agent_before_the_voice_is_sustained() -> None:
    play = attentive_thinking().at(4.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(4.1).tell(WordsGuessed(text="Wait")).expect(StopTurn(turn=2))


def test_an_aside_does_not_stop_the_agent() -> None:
    play = attentive_thinking().at(4.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(4.1).tell(WordsGuessed(text="Okay")).expect()
    play.at(4.3).tell(SpeechStopped(ago_s=0.2)).expect(CommitUtterance(utterance=2))
    play.at(4.4).their_words(2, "Okay.")

    play.expect_floor(Floor.THINKING)


def test_sustained_voice_stops_the_agent_without_any_word() -> None:
    play = attentive_thinking().at(4.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(4.24).tell(SpeechSustained()).expect(StopTurn(turn=2))


def test_after_a_long_noise_the_agent_is_asked_again_and_nothing_is_resumed() -> None:
    play = attentive_thinking().at(4.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(4.24).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(5.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))

    play.at(5.4).tell(Transcribed(utterance=2, text=""))

    waited_s = 4.24 - 3.3
    play.expect(
        ask_agent(3, "Hello.", spoke_until_s=5.0, endpointed_s=5.4, waited_s=waited_s),
    )


def test_a_prompt_waits_for_the_end_of_a_voice_that_began_while_we_thought() -> None:
    play = thinking().at(3.9).tell(SpeechBegan()).expect(BeginUtterance())

    play.tell(request(1)).expect(StopTurn(turn=2))
    play.at(4.1).tell(SpeechStopped()).at(4.1 + ENDPOINT_S).expect(CommitUtterance(utterance=2))

    play.tell(Transcribed(utterance=2, text="")).expect(Say(turn=3, text="Listen"))


def test_a_key_leaves_the_floor_to_a_voice_that_began_while_we_thought() -> None:
    play = thinking().at(3.9).tell(SpeechBegan()).expect(BeginUtterance())

    play.tell(PressedKey(digit="1")).expect(NoteKey(digit="1"), StopTurn(turn=2))
    play.expect_floor(Floor.CALLER)

    play.at(4.1).tell(SpeechStopped()).at(4.1 + ENDPOINT_S).expect(CommitUtterance(utterance=2))
    asked = ask_agent(3, "Hello", "1", spoke_until_s=4.1, waited_s=3.9 - 3.7)
    play.tell(Transcribed(utterance=2, text="")).expect(asked)


def test_a_key_without_a_voice_waits_for_the_next_one() -> None:
    play = thinking().at(4.0).tell(PressedKey(digit="1"))

    play.expect(NoteKey(digit="1"), StopTurn(turn=2))

    end_s = 4.0 + KEYS_PAUSE_S
    play.at(end_s).expect(
        ask_agent(3, "Hello", "1", spoke_until_s=end_s, endpointed_s=end_s, waited_s=4.0 - 3.7)
    )


def test_an_answer_that_fails_behind_a_noise_is_still_mended() -> None:
    play = coughed(thinking()).at(4.4)
    play.tell(TurnQueued(turn=2, failed=True, remedy=Remedy.FAREWELL, reason="broken"))
    play.expect(NoteHeard(turn=2))

    play.at(4.5).tell(Transcribed(utterance=2, text=""))

    assert play.machine.is_over


# --- the answer is heard meanwhile ----------------------------------------------------


def test_a_voice_from_before_the_answer_that_is_sustained_over_it_is_answered_with_the_rest() -> (
    None
):
    play = thinking().at(3.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(4.0).tell(TurnAudible(turn=2)).expect()

    play.at(4.2).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(5.0).tell(SpeechStopped()).at(5.0 + ENDPOINT_S).expect(CommitUtterance(utterance=2))

    play.their_words(2, "Ann here", ask_agent(3, "Hello Ann here", spoke_until_s=5.0))


def test_words_from_before_the_answer_that_are_known_behind_its_begin_go_with_the_rest() -> None:
    play = coughed(attentive_thinking()).tell(TurnAudible(turn=2)).expect()

    play.at(4.5)
    play.their_words(2, "Two.", StopTurn(turn=2), BOTH)


def test_what_was_answered_is_forgotten_when_the_voice_from_before_was_a_noise() -> None:
    play = coughed(attentive_thinking()).tell(TurnAudible(turn=2)).expect()
    play.at(4.5).tell(Transcribed(utterance=2, text="")).expect()

    play.at(6.0).tell(SpeechBegan(), WordsGuessed(text="Stop")).expect(BeginUtterance())
    play.at(6.3).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(7.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=3))

    play.at(7.3).their_words(
        3, "Stop.", ask_agent(3, "Stop.", spoke_until_s=7.0, endpointed_s=7.3)
    )


def test_an_answer_that_a_long_noise_has_cut_goes_on() -> None:
    play = attentive_thinking().at(4.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(TurnAudible(turn=2)).expect()
    play.at(4.5).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(4.8).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))

    play.at(5.0).tell(Transcribed(utterance=2, text="")).expect(ResumeTurn(turn=3))


def test_what_was_answered_to_its_end_is_not_answered_with_words_that_come_later() -> None:
    play = coughed(attentive_thinking()).tell(TurnAudible(turn=2)).expect()
    play.at(6.0).tell(TurnQueued(turn=2), TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.at(6.5)

    play.tell(Transcribed(utterance=2, text="Two."))
    asked = ask_agent(3, "Two.", spoke_until_s=4.1, endpointed_s=6.1, transcribed_s=6.5)
    play.expect(NoteWords(utterance=2, text="Two."), asked)


def test_a_noise_over_the_answer_settles_nothing_that_is_not_known_yet() -> None:
    play = coughed(thinking()).tell(TurnAudible(turn=2)).expect()

    play.at(5.0).tell(SpeechBegan(), SpeechStopped())

    assert play.machine.turn.hearing.text == "Hello"


def test_who_asked_for_a_prompt_hears_of_its_own_failure_only() -> None:
    play = (
        coughed(thinking()).tell(request(1)).expect(StopTurn(turn=2), Say(turn=3, text="Listen"))
    )

    play.tell(TurnQueued(turn=3, failed=True, remedy=Remedy.FAREWELL, reason="broken"))
    play.expect(NoteHeard(turn=3), AnswerPrompt(prompt=1, turn=3, failed=True))
    play.at(4.5).tell(Transcribed(utterance=2, text="")).expect()

    play.expect_floor(Floor.OPEN)
