from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.agent.base import CallerTurn
from voicecalld.agent.receptionist import Answer, Conversation, answer_turn
from voicecalld.phrases import DEFAULT_PHRASES


def open_conversation() -> Conversation:
    return Conversation(
        name="Kim", company="Acme", clock=lambda: datetime(2025, 3, 14, 15, 9, tzinfo=UTC)
    )


def answers(*turns: str | CallerTurn) -> list[Answer]:
    conversation = open_conversation()
    return [
        answer_turn(conversation, CallerTurn(text=turn) if isinstance(turn, str) else turn)
        for turn in turns
    ]


def texts(*turns: str | CallerTurn) -> list[str]:
    return [answer.text for answer in answers(*turns)]


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("Hello!", "Hello! This is Kim at Acme."),
        ("good morning", "Hello! This is Kim"),
        ("Hello, what time is it?", "three oh nine in the afternoon"),
        ("WHO ARE YOU", "I am Kim, the automatic receptionist of Acme."),
        ("what's your name?", "I am Kim"),
        ("Who\u2019s there?", "I am Kim"),
        ("When are you open?", "On Sunday and on public holidays we are closed."),
        ("what time do you close", "until half past five"),
        ("How are you?", "very well"),
        ("Can you hear me?", "I can hear you well"),
        ("help", "take a message"),
        ("thank you", "You are welcome."),
        ("yes please", "Good."),
        ("no", "All right."),
    ],
)
def test_what_it_understands_it_answers(said: str, part: str) -> None:
    assert part in texts(said)[0]


def test_opening_hours_are_long_enough_to_be_interrupted() -> None:
    assert texts("your opening hours")[0].count(". ") >= 2


def test_words_that_it_does_not_know_are_repeated() -> None:
    (answer,) = texts("  blue   elephants?! ")

    assert answer.startswith("I heard: blue elephants. I am afraid I do not understand that.")


@pytest.mark.parametrize("silence", ["", "  ", "...", "\U0001f600"])
def test_a_turn_without_words_was_not_understood(silence: str) -> None:
    assert texts(silence)[0].startswith("I did not understand you. I can tell you")


def test_keys_are_repeated() -> None:
    assert texts(CallerTurn(text="", digits="12#"))[0].startswith("You pressed 1, 2, #. I can")


def test_keys_come_before_the_answer_to_the_words() -> None:
    answer = texts(CallerTurn(text="thanks", digits="1"))[0]

    assert answer.startswith("You pressed 1. You are welcome.")


def test_who_interrupts_is_acknowledged_first() -> None:
    answer = texts(CallerTurn(text="what time is it", interrupted=True))[0]

    assert answer.startswith("Sure. You asked for the time.")


@pytest.mark.parametrize(
    "said", ["goodbye", "Bye bye!", "no thank you", "That's all.", "good bye"]
)
def test_a_farewell_ends_the_call(said: str) -> None:
    assert answers(said) == [Answer(text="Thank you for calling Acme. Goodbye!", ends_call=True)]


def test_a_message_is_asked_for_taken_repeated_and_remembered() -> None:
    replies = texts(
        "I want to leave a message", "What time is the party?", "what is my message", "bye"
    )

    assert replies[0].endswith("What is the message?")
    assert "Your message is: What time is the party. I will pass it on." in replies[1]
    assert replies[2] == "Your message is: What time is the party. I will pass it on."
    assert replies[3].startswith("I will pass on your message. Thank you for calling")


def test_several_messages_are_all_remembered() -> None:
    replies = texts("a message please", "One", "another message", "Two", "read it back")

    assert replies[-1] == "Your message is: One. Two. I will pass it on."


def test_without_a_message_there_is_none_to_recall() -> None:
    assert texts("did you get my message")[0].startswith("You have not left a message yet.")


@pytest.mark.parametrize(
    ("turn", "start"),
    [
        (CallerTurn(text=""), "I did not understand you. What is the message?"),
        (CallerTurn(text="", digits="1"), "You pressed 1. What is the message?"),
    ],
)
def test_a_message_without_words_is_asked_for_again(turn: CallerTurn, start: str) -> None:
    replies = texts("take a message", turn, "Call me")

    assert replies[1] == start
    assert "Your message is: Call me." in replies[2]


def test_a_caller_may_change_their_mind_about_a_message() -> None:
    replies = texts("take a message", "never mind", "hello")

    assert replies[1].startswith("All right, no message.")
    assert replies[2].startswith("Hello!")


def test_a_caller_may_leave_instead_of_a_message() -> None:
    assert answers("take a message", "goodbye")[1].ends_call


def test_the_last_answer_can_be_heard_again_without_its_acknowledgements() -> None:
    replies = texts(
        CallerTurn(text="thanks", digits="1", interrupted=True), "could you repeat that"
    )

    assert replies[1].startswith("I said: You are welcome.")


def test_before_the_first_answer_the_offer_is_repeated() -> None:
    assert texts("pardon")[0].startswith("I said: I can tell you the time")


@pytest.mark.parametrize("phrase", DEFAULT_PHRASES)
def test_it_understands_what_the_embedded_transcriber_hears(phrase: str) -> None:
    assert "do not understand" not in texts(phrase)[0]


@given(turns=st.lists(st.text(max_size=30), max_size=5))
def test_no_words_leave_it_speechless(turns: list[str]) -> None:
    assert all(text.strip() for text in texts(*turns))
