from tests.call.playbook import ENDPOINT_S, SILENCE_S, conversation, listening
from tests.call.scenes import answering, ask_agent, replied, request, speaking, thinking
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    BeginUtterance,
    CommitUtterance,
    NoteHeard,
    NoteKey,
    Say,
    StopTurn,
)
from voicecalld.call.events import (
    PressedKey,
    PromptAbandoned,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    TurnAudible,
    TurnHeard,
    TurnQueued,
)
from voicecalld.call.floor import Floor
from voicecalld.call.patience import KEYS_PAUSE_S

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
