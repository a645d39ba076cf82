from tests.call.playbook import HANG_UP_S, SILENCE_S, conversation, notification
from voicecalld.call.deadlines import Deadlines
from voicecalld.call.events import PromptRequested
from voicecalld.call.floor import Wait
from voicecalld.call.hearing import Hearing
from voicecalld.call.machine import CallPolicy
from voicecalld.call.patience import KEYS_PAUSE_S, Patience
from voicecalld.call.prompts import Prompts


def patience_with(policy: CallPolicy) -> Patience:
    return Patience(policy.turn, Deadlines[Wait](), Hearing(), Prompts())


def test_silence_is_limited_in_a_conversation() -> None:
    patience = patience_with(conversation())

    patience.limit_silence(10.0)

    assert patience.waits.at_s == {Wait.SILENCE: 10.0 + SILENCE_S}


def test_any_silence_is_allowed_when_its_limit_is_zero() -> None:
    patience = patience_with(conversation(silence_s=0.0))

    patience.limit_silence(10.0)

    assert patience.waits.at_s == {}


def test_the_end_of_a_notification_is_not_put_off() -> None:
    patience = patience_with(notification())

    patience.limit_silence(10.0)
    patience.limit_silence(11.0)

    assert patience.waits.at_s == {Wait.NOTIFIED: 10.0 + HANG_UP_S}


def test_no_silence_is_counted_in_a_number_that_was_begun() -> None:
    patience = patience_with(conversation())
    patience.hearing.digits = "4"

    patience.limit_silence(10.0)

    assert patience.waits.at_s == {Wait.KEYS: 10.0 + KEYS_PAUSE_S}


def test_no_silence_is_counted_while_somebody_awaits_their_words() -> None:
    patience = patience_with(conversation())
    patience.prompts.awaited = 1

    patience.limit_silence(10.0)

    assert patience.waits.at_s == {}


def test_no_silence_is_counted_after_a_reply_until_our_side_speaks() -> None:
    patience = patience_with(conversation())
    patience.steer(10.0)

    patience.limit_silence(10.0)
    assert patience.waits.at_s == {}
    patience.on_our_turn()
    patience.limit_silence(20.0)

    assert patience.waits.at_s == {Wait.SILENCE: 20.0 + SILENCE_S}


def test_we_ask_once_and_again_only_when_they_have_answered() -> None:
    patience = patience_with(conversation(silence_prompt="Hello?"))

    assert patience.take_question() == "Hello?"
    assert patience.take_question() == ""
    patience.on_their_turn()
    assert patience.take_question() == "Hello?"


def test_the_agent_answers_unless_something_waits_to_be_said() -> None:
    patience = patience_with(conversation())
    assert patience.leaves_it_to_agent(10.0)

    patience.prompts.add(PromptRequested(prompt=1, text="Listen"))

    assert not patience.leaves_it_to_agent(10.0)


def test_nobody_answers_what_is_said_to_a_notification() -> None:
    assert not patience_with(notification()).leaves_it_to_agent(10.0)


def test_after_a_reply_the_agent_is_out_until_the_allowed_silence_has_passed() -> None:
    patience = patience_with(conversation())

    patience.steer(10.0)

    assert not patience.leaves_it_to_agent(10.0)
    assert not patience.leaves_it_to_agent(9.999 + SILENCE_S)
    assert patience.leaves_it_to_agent(10.0 + SILENCE_S)


def test_after_a_reply_the_agent_is_back_as_soon_as_our_side_speaks() -> None:
    patience = patience_with(conversation())
    patience.steer(10.0)

    patience.on_our_turn()

    assert patience.leaves_it_to_agent(10.0)


def test_where_any_silence_is_allowed_the_agent_is_out_for_as_long_as_our_side_is_mute() -> None:
    patience = patience_with(conversation(silence_s=0.0))

    patience.steer(10.0)

    assert not patience.leaves_it_to_agent(1e9)
