import pytest

from tests.call.playbook import (
    CONNECTED,
    ENDPOINT_S,
    HANG_UP_S,
    SILENCE_S,
    TRANSCRIPT_S,
    Play,
    conversation,
    listening,
    notification,
)
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    AskAgent,
    BeginUtterance,
    CallerTiming,
    CommitUtterance,
    DiscardUtterance,
    Finish,
    NoteHeard,
    NoteKey,
    NoteWords,
    Say,
    StopTurn,
)
from voicecalld.call.events import (
    EndReason,
    PressedKey,
    PromptAbandoned,
    PromptRequested,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
)
from voicecalld.call.floor import Floor
from voicecalld.call.machine import CallPolicy
from voicecalld.call.our_turn import LOST_MARK_S
from voicecalld.call.patience import KEYS_PAUSE_S

WE_HANG_UP = Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False)
TIMED_OUT = Finish(reason=EndReason.TIMEOUT, carrier_knows=False)


def ask_agent(
    turn: int,
    text: str = "",
    digits: str = "",
    *,
    spoke_until_s: float,
    endpointed_s: float | None = None,
    transcribed_s: float | None = None,
) -> AskAgent:
    """What is asked when the words were made out as soon as the turn was over."""
    endpointed_s = spoke_until_s + ENDPOINT_S if endpointed_s is None else endpointed_s
    timing = CallerTiming(
        speech_ended_s=spoke_until_s,
        endpointed_s=endpointed_s,
        transcribed_s=endpointed_s if transcribed_s is None else transcribed_s,
    )
    return AskAgent(turn=turn, text=text, digits=digits, timing=timing)


def request(prompt: int, text: str = "Listen", *, reply: bool = False) -> PromptRequested:
    return PromptRequested(prompt=prompt, text=text, expects_reply=reply)


def thinking() -> Play:
    """They said "Hello" from 2.0 to 3.0, and the agent thinks about turn 2 since 3.7."""
    play = listening().at(2.0).their_speech(1, until_s=3.0)
    return play.their_words(1, "Hello", ask_agent(2, "Hello", spoke_until_s=3.0))


def answering() -> Play:
    """The agent's answer, turn 2, is being heard since 4.0; not all of it is queued."""
    return thinking().at(4.0).tell(TurnAudible(turn=2)).expect()


def speaking(prompt: PromptRequested, policy: CallPolicy | None = None) -> Play:
    """*prompt* is being said as turn 2 since 2.0."""
    play = listening(policy).at(2.0).tell(prompt).expect(Say(turn=2, text=prompt.text))
    return play.tell(TurnAudible(turn=2), TurnQueued(turn=2, lasts_s=5.0)).expect()


# --- the greeting, and what they say --------------------------------------------------


def test_the_greeting_is_said_and_then_we_listen() -> None:
    play = Play(conversation())

    play.at(0.0).tell(CONNECTED).expect(Say(turn=1, text="Hello"))
    play.expect_floor(Floor.THINKING)
    play.at(0.3).our_turn(1, until_s=1.0).expect(NoteHeard(turn=1))

    play.expect_floor(Floor.OPEN)


def test_without_a_greeting_we_listen_at_once() -> None:
    play = Play(conversation(opening=""))

    play.at(0.0).tell(CONNECTED).expect()

    play.at(1.0).their_speech(1, until_s=2.0)


def test_the_agent_is_asked_when_the_silence_after_their_words_was_long_enough() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(3.0).tell(SpeechStopped()).expect()
    play.at(3.0 + ENDPOINT_S - 0.001).expect()
    play.at(3.0 + ENDPOINT_S).expect(CommitUtterance(utterance=1))

    asked = ask_agent(2, "Hello", spoke_until_s=3.0, transcribed_s=4.0)
    play.at(4.0).their_words(1, "Hello", asked)


def test_the_silence_counts_from_the_end_of_their_words_and_not_from_when_it_was_noticed() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(3.2).tell(SpeechStopped(ago_s=0.2)).expect()

    play.at(3.0 + ENDPOINT_S).expect(CommitUtterance(utterance=1))


def test_a_word_within_the_pause_goes_on_with_the_same_utterance() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.0).tell(SpeechStopped()).expect()

    play.at(3.6).tell(SpeechBegan()).expect()
    play.at(4.0).tell(SpeechStopped()).expect()

    play.at(4.0 + ENDPOINT_S).expect(CommitUtterance(utterance=1))


def test_whoever_goes_on_while_we_transcribe_is_answered_once_with_all_words() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.at(3.8).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(4.0).their_words(1, "I want")
    play.at(5.0).tell(SpeechStopped()).expect()
    play.at(5.0 + ENDPOINT_S).expect(CommitUtterance(utterance=2))

    play.their_words(2, "a table", ask_agent(2, "I want a table", spoke_until_s=5.0))


def test_we_wait_for_the_words_of_all_utterances_before_we_answer() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)
    play.at(3.8).their_speech(2, until_s=4.0)

    play.at(5.0).their_words(1, "I want")

    asked = ask_agent(2, "I want a table", spoke_until_s=4.0, transcribed_s=5.1)
    play.at(5.1).their_words(2, "a table", asked)


def test_whoever_goes_on_while_we_think_is_answered_once_with_all_words() -> None:
    play = thinking()

    play.at(3.9).tell(SpeechBegan()).expect(StopTurn(turn=2), BeginUtterance())
    play.at(5.0).tell(SpeechStopped()).expect()
    play.at(5.0 + ENDPOINT_S).expect(CommitUtterance(utterance=2))

    play.their_words(2, "Ann here", ask_agent(3, "Hello Ann here", spoke_until_s=5.0))


def test_whoever_goes_on_when_the_answer_is_made_but_not_audible_stops_it() -> None:
    play = thinking().tell(TurnQueued(turn=2, lasts_s=1.0, ends_call=True)).expect()

    play.at(3.9).tell(SpeechBegan()).expect(StopTurn(turn=2), BeginUtterance())

    # Neither its end nor its good-bye comes, however long they speak.
    play.at(20.0).expect()


def test_a_sound_without_words_is_not_answered() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.tell(Transcribed(utterance=1, text=" ")).expect()

    play.expect_floor(Floor.OPEN)


def test_words_that_never_come_are_not_waited_for_for_ever() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.at(3.7 + TRANSCRIPT_S).expect()

    play.expect_floor(Floor.OPEN)


def test_words_that_come_too_late_are_noted_but_not_answered() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0).at(10.0)

    play.their_words(1, "sorry")
    play.their_words(77, "what?")

    play.at(11.0).their_speech(2, until_s=12.0)
    play.their_words(2, "Hello", ask_agent(2, "Hello", spoke_until_s=12.0))


def test_the_words_that_came_in_time_are_answered_although_others_are_missing() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)
    play.at(3.8).their_speech(2, until_s=4.0)
    play.their_words(1, "I want")

    endpointed_s = 4.0 + ENDPOINT_S
    late_s = endpointed_s + TRANSCRIPT_S
    play.at(late_s).expect(ask_agent(2, "I want", spoke_until_s=4.0, transcribed_s=late_s))


# --- barge-in -------------------------------------------------------------------------


def test_we_are_interrupted_when_their_speech_is_sustained_and_not_before() -> None:
    play = answering()

    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(8.0).expect()

    play.tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.expect_floor(Floor.CALLER)


def test_the_words_of_a_barge_in_are_answered() -> None:
    play = answering()
    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=2))

    play.at(6.0).tell(SpeechStopped()).expect()
    play.at(6.7).expect(CommitUtterance(utterance=2))

    asked = ask_agent(3, "Wait", spoke_until_s=6.0, endpointed_s=6.7, transcribed_s=6.7)
    play.their_words(2, "Wait", asked)
    play.our_turn(3, until_s=9.0).expect(NoteHeard(turn=3))
    play.expect_floor(Floor.OPEN)


def test_a_cough_does_not_interrupt_and_is_discarded() -> None:
    play = answering()

    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.4).tell(SpeechStopped(ago_s=0.2)).expect(DiscardUtterance())

    play.at(9.0).tell(TurnQueued(turn=2, lasts_s=0.0), TurnHeard(turn=2))
    play.expect(NoteHeard(turn=2))
    play.expect_floor(Floor.OPEN)


def test_a_cough_after_a_barge_in_is_a_cough_again() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=2))
    play.their_words(2, "Wait", ask_agent(3, "Wait", spoke_until_s=6.0))
    play.tell(TurnAudible(turn=3)).expect()

    play.at(8.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(8.3).tell(SpeechStopped()).expect(DiscardUtterance())
    play.expect_floor(Floor.AGENT)


def test_an_interruption_that_is_over_when_we_learn_of_it_still_counts() -> None:
    play = answering().at(6.0).tell(SpeechBegan(ago_s=1.0)).expect(BeginUtterance())

    play.tell(SpeechSustained(ago_s=0.7)).expect(StopTurn(turn=2))
    play.tell(SpeechStopped(ago_s=0.5)).expect()

    play.at(5.5 + ENDPOINT_S).expect(CommitUtterance(utterance=2))


def test_whoever_speaks_when_we_have_just_finished_has_the_floor() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()
    play.at(4.9).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(5.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.CALLER)
    play.at(5.2).tell(SpeechSustained()).expect()
    play.at(8.0).tell(SpeechStopped()).expect()
    play.at(8.0 + ENDPOINT_S).expect(CommitUtterance(utterance=2))
    play.their_words(2, "And?", ask_agent(3, "And?", spoke_until_s=8.0))
    play.our_turn(3, until_s=10.0).expect(NoteHeard(turn=3))
    play.expect_floor(Floor.OPEN)


def test_a_short_word_that_outlasts_our_turn_is_transcribed() -> None:
    play = answering().at(4.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.0).tell(TurnQueued(turn=2), TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.at(5.1).tell(SpeechStopped()).expect()

    play.at(5.1 + ENDPOINT_S).expect(CommitUtterance(utterance=2))


def test_whoever_speaks_when_the_mark_of_our_turn_is_given_up_has_the_floor() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()
    play.at(6.8).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(5.0 + LOST_MARK_S).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.CALLER)
    play.at(7.1).tell(SpeechSustained()).expect()


def test_a_turn_that_was_interrupted_does_not_wait_for_its_mark() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()
    play.at(6.7).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(6.9).tell(SpeechSustained()).expect(StopTurn(turn=2))

    play.at(20.0).expect()
    play.expect_floor(Floor.CALLER)


def test_speech_that_is_sustained_while_they_have_the_floor_means_nothing() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(2.3).tell(SpeechSustained()).expect()

    play.expect_floor(Floor.CALLER)


def test_sustained_speech_that_never_began_does_not_interrupt() -> None:
    play = answering().tell(SpeechSustained()).expect()

    play.expect_floor(Floor.AGENT)


def test_speech_is_reported_twice_without_effect() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.tell(SpeechBegan()).expect()

    play.expect_floor(Floor.CALLER)


def test_the_end_of_speech_that_never_began_means_nothing() -> None:
    listening().at(2.0).tell(SpeechStopped()).expect()


# --- our turn -------------------------------------------------------------------------


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


# --- what we are asked to say ---------------------------------------------------------


def test_a_prompt_is_said_at_once_when_nobody_speaks() -> None:
    play = listening()

    play.at(2.0).tell(request(1)).expect(Say(turn=2, text="Listen"))

    play.our_turn(2, until_s=3.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))


def test_a_prompt_waits_until_what_is_being_said_was_heard() -> None:
    play = answering().tell(request(1, "One"), request(2, "Two")).expect()

    play.our_turn(2, until_s=5.0).expect(NoteHeard(turn=2), Say(turn=3, text="One"))
    play.our_turn(3, until_s=6.0)
    play.expect(NoteHeard(turn=3), AnswerPrompt(prompt=1, turn=3), Say(turn=4, text="Two"))

    play.our_turn(4, until_s=7.0).expect(NoteHeard(turn=4), AnswerPrompt(prompt=2, turn=4))


def test_a_prompt_waits_until_they_have_spoken_and_comes_before_the_agents_answer() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(request(1)).expect()

    play.at(3.0).tell(SpeechStopped()).at(3.7).expect(CommitUtterance(utterance=1))

    play.their_words(1, "Hello", Say(turn=2, text="Listen"))


def test_a_prompt_supersedes_an_answer_that_is_not_audible() -> None:
    play = thinking().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()

    play.tell(request(1)).expect(StopTurn(turn=2), Say(turn=3, text="Listen"))
    play.at(4.0).tell(TurnAudible(turn=3)).expect()

    # The prompt is not ended in the place of the answer, and the words are not answered again.
    play.at(20.0).expect()
    play.our_turn(3, until_s=21.0).expect(NoteHeard(turn=3), AnswerPrompt(prompt=1, turn=3))
    play.at(22.0).expect()


def test_whoever_asked_learns_that_a_prompt_was_interrupted() -> None:
    play = speaking(request(1))

    play.at(3.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.3).tell(SpeechSustained())

    play.expect(StopTurn(turn=2), AnswerPrompt(prompt=1, turn=2, interrupted=True))


def test_a_prompt_may_be_interrupted_before_it_is_audible() -> None:
    play = listening().at(2.0).tell(request(1)).expect(Say(turn=2, text="Listen"))

    play.at(2.1).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(2.4).tell(SpeechSustained())
    play.expect(StopTurn(turn=2), AnswerPrompt(prompt=1, turn=2, interrupted=True))


def test_whoever_asked_learns_that_a_prompt_could_not_be_said() -> None:
    play = listening().at(2.0).tell(request(1, reply=True)).expect(Say(turn=2, text="Listen"))

    play.tell(TurnQueued(turn=2, failed=True))

    play.expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2, failed=True))


def test_an_earlier_failure_is_not_told_of_a_later_prompt() -> None:
    play = thinking().tell(TurnQueued(turn=2, failed=True)).expect(NoteHeard(turn=2))

    play.tell(request(1)).expect(Say(turn=3, text="Listen"))

    play.our_turn(3, until_s=9.0).expect(NoteHeard(turn=3), AnswerPrompt(prompt=1, turn=3))


def test_the_reply_goes_to_whoever_waits_for_it_and_not_to_the_agent() -> None:
    play = speaking(request(1, reply=True))
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(8.0).their_speech(1, until_s=9.0)
    play.their_words(1, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))


# --- a reply was handed over ----------------------------------------------------------


def replied(policy: CallPolicy | None = None) -> Play:
    """A reply was handed over at 9.7."""
    play = speaking(request(1, reply=True), policy)
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))
    play.at(8.0).their_speech(1, until_s=9.0)
    return play.their_words(1, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))


def test_what_they_add_to_a_reply_is_noted_and_the_agent_does_not_answer_it() -> None:
    play = replied().at(11.0).their_speech(2, until_s=12.0)

    play.their_words(2, "Well")

    play.at(13.0).tell(request(2)).expect(Say(turn=3, text="Listen"))


def test_what_they_add_to_a_reply_is_not_the_reply_to_the_next_question() -> None:
    play = replied().at(11.0).their_speech(2, until_s=12.0).their_words(2, "Well")
    play.at(13.0).tell(request(2, reply=True)).expect(Say(turn=3, text="Listen"))
    play.our_turn(3, until_s=14.0).expect(NoteHeard(turn=3), AnswerPrompt(prompt=2, turn=3))

    play.at(15.0).their_speech(3, until_s=16.0)

    play.their_words(3, "No", AnswerReply(prompt=2, text="No", digits=""))


def test_keys_pressed_after_a_reply_are_noted_and_the_agent_does_not_answer_them() -> None:
    play = replied().at(11.0).tell(PressedKey(digit="4")).expect(NoteKey(digit="4"))

    play.at(11.0 + KEYS_PAUSE_S).expect()

    play.at(20.0).expect()


def test_words_go_to_the_agent_again_when_whoever_got_a_reply_has_spoken() -> None:
    play = replied().at(10.0).tell(request(2)).expect(Say(turn=3, text="Listen"))
    play.our_turn(3, until_s=11.0).expect(NoteHeard(turn=3), AnswerPrompt(prompt=2, turn=3))

    play.at(12.0).their_speech(2, until_s=13.0)

    play.their_words(2, "Well", ask_agent(4, "Well", spoke_until_s=13.0))


def test_words_go_to_the_agent_when_whoever_got_a_reply_has_been_mute_for_long() -> None:
    play = replied().at(20.0).their_speech(2, until_s=21.0).their_words(2, "Hm")

    # Of what was only noted nothing is answered later; and it has not put the agent off.
    play.at(9.7 + SILENCE_S - 0.7).their_speech(3, until_s=9.7 + SILENCE_S - ENDPOINT_S)
    play.their_words(3, "Hello?", ask_agent(3, "Hello?", spoke_until_s=9.0 + SILENCE_S))


def test_words_are_kept_from_the_agent_until_that_very_moment() -> None:
    play = replied().at(30.0).their_speech(2, until_s=9.0 + SILENCE_S - 0.001)

    play.their_words(2, "Hello?")

    play.expect_floor(Floor.OPEN)


def test_where_any_silence_is_allowed_only_our_side_ends_the_agents_absence() -> None:
    play = replied(conversation(silence_s=0.0)).at(200.0).their_speech(2, until_s=201.0)

    play.their_words(2, "Hello?")

    play.at(203.0).tell(request(2)).expect(Say(turn=3, text="Listen"))


# --- who waits, and who waits no longer -----------------------------------------------


def test_the_words_that_interrupted_a_question_are_the_reply_to_it() -> None:
    play = speaking(request(1, reply=True))
    play.at(3.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.3).tell(SpeechSustained())
    play.expect(StopTurn(turn=2), AnswerPrompt(prompt=1, turn=2, interrupted=True))

    play.at(4.0).tell(SpeechStopped()).at(4.7).expect(CommitUtterance(utterance=1))

    play.their_words(1, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))


def test_a_reply_is_handed_over_before_the_next_prompt_is_said() -> None:
    play = speaking(request(1, reply=True))
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))
    play.at(8.0).tell(SpeechBegan(), request(2, "Two")).expect(BeginUtterance())

    play.at(9.0).tell(SpeechStopped()).at(9.7).expect(CommitUtterance(utterance=1))

    reply = AnswerReply(prompt=1, text="Yes", digits="")
    play.their_words(1, "Yes", reply, Say(turn=3, text="Two"))


def test_an_abandoned_prompt_that_waits_is_not_said() -> None:
    play = answering().tell(request(1), PromptAbandoned(prompt=1)).expect()

    play.our_turn(2, until_s=5.0).expect(NoteHeard(turn=2))


def test_words_after_an_abandoned_question_go_to_the_agent() -> None:
    play = speaking(request(1, reply=True)).tell(PromptAbandoned(prompt=1))
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(8.0).their_speech(1, until_s=9.0)

    play.their_words(1, "Yes", ask_agent(3, "Yes", spoke_until_s=9.0))


# --- keys -----------------------------------------------------------------------------


def test_keys_alone_make_a_turn_after_a_pause() -> None:
    play = listening()

    play.at(2.0).tell(PressedKey(digit="4")).expect(NoteKey(digit="4"))
    play.at(3.0).tell(PressedKey(digit="2")).expect(NoteKey(digit="2"))
    play.at(3.0 + KEYS_PAUSE_S - 0.001).expect()

    over_s = 3.0 + KEYS_PAUSE_S
    play.at(over_s)
    play.expect(ask_agent(2, digits="42", spoke_until_s=over_s, endpointed_s=over_s))


def test_keys_and_words_go_together() -> None:
    play = listening().at(2.0).tell(PressedKey(digit="4")).expect(NoteKey(digit="4"))

    play.at(2.5).their_speech(1, until_s=3.0)
    play.tell(PressedKey(digit="2")).expect(NoteKey(digit="2"))

    play.their_words(1, "That's it", ask_agent(2, "That's it", "42", spoke_until_s=3.0))


def test_keys_are_a_reply() -> None:
    play = speaking(request(1, reply=True))
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(8.0).tell(PressedKey(digit="1")).expect(NoteKey(digit="1"))

    play.at(8.0 + KEYS_PAUSE_S).expect(AnswerReply(prompt=1, text="", digits="1"))


def test_keys_pressed_while_we_speak_do_not_interrupt_and_are_answered_afterwards() -> None:
    play = answering().tell(PressedKey(digit="7")).expect(NoteKey(digit="7"))

    play.our_turn(2, until_s=6.0).expect(NoteHeard(turn=2))

    over_s = 6.0 + KEYS_PAUSE_S
    play.at(over_s)
    play.expect(ask_agent(3, digits="7", spoke_until_s=over_s, endpointed_s=over_s))


def test_a_key_pressed_while_we_think_belongs_to_what_we_think_about() -> None:
    play = thinking()

    play.at(4.0).tell(PressedKey(digit="7")).expect(NoteKey(digit="7"), StopTurn(turn=2))

    over_s = 4.0 + KEYS_PAUSE_S
    play.at(over_s)
    play.expect(ask_agent(3, "Hello", "7", spoke_until_s=over_s, endpointed_s=over_s))


def test_keys_pressed_before_a_question_is_audible_are_the_reply_to_it() -> None:
    play = listening().at(2.0).tell(PressedKey(digit="1")).expect(NoteKey(digit="1"))

    play.at(2.5).tell(request(1, reply=True)).expect(Say(turn=2, text="Listen"))
    play.our_turn(2, until_s=6.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(6.0 + KEYS_PAUSE_S).expect(AnswerReply(prompt=1, text="", digits="1"))


# --- silence --------------------------------------------------------------------------


def test_after_a_long_silence_we_ask_once_and_then_hang_up() -> None:
    play = listening()

    play.at(1.0 + SILENCE_S - 0.001).expect()
    play.at(1.0 + SILENCE_S).expect(Say(turn=2, text="Still there?"))
    play.our_turn(2, until_s=32.0).expect(NoteHeard(turn=2))

    play.at(32.0 + SILENCE_S).expect(TIMED_OUT)


def test_whoever_answers_the_question_whether_they_are_there_may_be_silent_again() -> None:
    play = listening().at(1.0 + SILENCE_S).expect(Say(turn=2, text="Still there?"))
    play.our_turn(2, until_s=32.0).expect(NoteHeard(turn=2))
    play.at(33.0).their_speech(1, until_s=34.0)
    play.their_words(1, "Yes", ask_agent(3, "Yes", spoke_until_s=34.0))
    play.our_turn(3, until_s=40.0).expect(NoteHeard(turn=3))

    play.at(40.0 + SILENCE_S).expect(Say(turn=4, text="Still there?"))


def test_without_a_question_for_silence_the_call_just_ends() -> None:
    play = listening(conversation(silence_prompt=""))

    play.at(1.0 + SILENCE_S).expect(TIMED_OUT)


def test_any_silence_is_allowed_when_its_limit_is_zero() -> None:
    play = listening(conversation(silence_s=0.0))

    play.at(299.0).expect()


def test_silence_is_not_counted_while_a_reply_is_awaited() -> None:
    play = speaking(request(1, reply=True))
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(200.0).expect()


def test_silence_counts_again_once_an_awaited_reply_was_abandoned() -> None:
    play = speaking(request(1, reply=True))
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(100.0).tell(PromptAbandoned(prompt=1)).expect()

    play.at(100.0 + SILENCE_S).expect(Say(turn=3, text="Still there?"))


def test_silence_is_not_counted_after_a_reply_was_handed_over() -> None:
    play = replied()

    # Whoever waited for it waits no longer, as they have got it.
    play.tell(PromptAbandoned(prompt=1)).expect()

    play.at(200.0).expect()


def test_a_cough_does_not_hurry_whoever_got_a_reply() -> None:
    play = replied()

    play.at(11.0).their_speech(2, until_s=12.0).tell(Transcribed(utterance=2, text="")).expect()

    play.at(200.0).expect()


def test_silence_counts_again_when_whoever_got_a_reply_has_spoken() -> None:
    play = replied().at(11.0).tell(request(2)).expect(Say(turn=3, text="Listen"))

    play.our_turn(3, until_s=12.0).expect(NoteHeard(turn=3), AnswerPrompt(prompt=2, turn=3))

    play.at(12.0 + SILENCE_S).expect(Say(turn=4, text="Still there?"))


# --- notifications --------------------------------------------------------------------


def notifying() -> Play:
    """The message, turn 1, is being heard since 0.0."""
    play = Play(notification()).at(0.0).tell(CONNECTED)
    return play.expect(Say(turn=1, text="The door is open")).tell(TurnAudible(turn=1)).expect()


def notified() -> Play:
    """The message was heard until 4.0."""
    return notifying().our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))


def test_we_hang_up_some_time_after_the_message_was_heard() -> None:
    play = notified()

    play.at(4.0 + HANG_UP_S - 0.001).expect()

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_hang_up_at_the_same_time_when_they_talk_after_the_message() -> None:
    play = notified().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_what_they_say_after_the_message_is_noted_and_does_not_keep_us() -> None:
    play = notified().at(4.5).their_speech(1, until_s=5.0)

    play.their_words(1, "Thanks")

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_words_during_the_message_are_kept_but_do_not_interrupt() -> None:
    play = notifying()

    play.at(1.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(1.3).tell(SpeechSustained()).expect()
    play.at(3.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))
    play.their_words(1, "Who is it?")

    play.our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))
    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_words_that_outlast_the_message_are_kept() -> None:
    play = notifying().at(3.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))

    play.at(4.2).tell(SpeechSustained()).expect()
    play.at(5.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))

    play.their_words(1, "Who is it?").at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_a_cough_during_the_message_is_discarded() -> None:
    play = notifying().at(1.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(1.4).tell(SpeechStopped(ago_s=0.2)).expect(DiscardUtterance())


def test_a_cough_that_outlasts_the_message_is_discarded() -> None:
    play = notifying().at(3.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))

    play.at(4.2).tell(SpeechStopped(ago_s=0.2)).expect(DiscardUtterance())


def test_a_cough_after_words_during_the_message_is_discarded() -> None:
    play = notifying().at(1.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(1.3).tell(SpeechSustained()).expect()
    play.at(2.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))

    play.at(3.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(3.3).tell(SpeechStopped()).expect(DiscardUtterance())


def test_a_message_that_could_not_be_said_ends_the_call_with_an_error() -> None:
    play = Play(notification()).at(0.0).tell(CONNECTED)
    play.expect(Say(turn=1, text="The door is open"))

    play.tell(TurnQueued(turn=1, failed=True))

    play.expect(NoteHeard(turn=1), Finish(reason=EndReason.ERROR, carrier_knows=False))


def test_a_notification_without_a_message_hangs_up_as_well() -> None:
    play = Play(notification(opening="")).at(0.0).tell(CONNECTED).expect()

    play.at(HANG_UP_S).expect(WE_HANG_UP)


def test_a_prompt_after_the_message_is_heard_before_we_hang_up() -> None:
    play = notified().at(6.9).tell(request(1)).expect(Say(turn=2, text="Listen"))

    play.our_turn(2, until_s=9.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(9.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_a_prompt_that_waits_until_they_have_spoken_is_not_cut_off_by_hanging_up() -> None:
    play = notified().at(5.0).tell(SpeechBegan(), request(1)).expect(BeginUtterance())

    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=1))
    play.their_words(1, "Who?", Say(turn=2, text="Listen"))

    play.our_turn(2, until_s=9.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))
    play.at(9.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_hang_up_even_if_the_prompt_that_kept_us_was_abandoned() -> None:
    play = notified().at(5.0).tell(SpeechBegan(), request(1)).expect(BeginUtterance())
    play.tell(PromptAbandoned(prompt=1)).expect()

    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=1))
    play.their_words(1, "Who?")

    play.at(6.7 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_do_not_hang_up_while_a_reply_to_a_question_is_awaited() -> None:
    play = notified().at(5.0).tell(request(1, reply=True)).expect(Say(turn=2, text="Listen"))
    play.our_turn(2, until_s=6.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(60.0).their_speech(1, until_s=61.0)
    play.their_words(1, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))

    play.at(61.7 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_hang_up_some_time_after_an_awaited_reply_was_abandoned() -> None:
    play = notified().at(5.0).tell(request(1, reply=True)).expect(Say(turn=2, text="Listen"))
    play.our_turn(2, until_s=6.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(60.0).tell(PromptAbandoned(prompt=1)).expect()

    play.at(60.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_keys_in_a_notification_are_noted_and_nothing_else() -> None:
    play = notified().at(4.5).tell(PressedKey(digit="1")).expect(NoteKey(digit="1"))

    play.at(4.5 + KEYS_PAUSE_S).expect()

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_blanks_around_their_words_are_dropped() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.tell(Transcribed(utterance=1, text="  Hi ")).expect(
        NoteWords(utterance=1, text="Hi"), ask_agent(2, "Hi", spoke_until_s=3.0)
    )
