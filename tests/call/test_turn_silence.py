from tests.call.playbook import SILENCE_S, conversation, listening
from tests.call.scenes import ask_agent, replied, request, speaking
from voicecalld.call.commands import AnswerPrompt, Finish, NoteHeard, Say
from voicecalld.call.events import EndReason, PromptAbandoned, Transcribed, TurnHeard

TIMED_OUT = Finish(reason=EndReason.TIMEOUT, carrier_knows=False)


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
