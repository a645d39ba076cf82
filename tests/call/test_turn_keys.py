from tests.call.playbook import listening
from tests.call.scenes import answering, ask_agent, request, speaking, thinking
from voicecalld.call.commands import AnswerPrompt, AnswerReply, NoteHeard, NoteKey, Say, StopTurn
from voicecalld.call.events import PressedKey, TurnHeard
from voicecalld.call.patience import KEYS_PAUSE_S


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
    waited_s = 4.0 - 3.7
    play.expect(
        ask_agent(3, "Hello", "7", spoke_until_s=over_s, endpointed_s=over_s, waited_s=waited_s)
    )


def test_keys_pressed_before_a_question_is_audible_are_the_reply_to_it() -> None:
    play = listening().at(2.0).tell(PressedKey(digit="1")).expect(NoteKey(digit="1"))

    play.at(2.5).tell(request(1, reply=True)).expect(Say(turn=2, text="Listen"))
    play.our_turn(2, until_s=6.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(6.0 + KEYS_PAUSE_S).expect(AnswerReply(prompt=1, text="", digits="1"))
