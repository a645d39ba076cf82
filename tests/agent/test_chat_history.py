import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.agent.base import CallerTurn, PressKeys, SayText
from voicecalld.agent.chat_history import (
    MOST_CHARACTERS,
    MOST_ENTRIES,
    ChatHistory,
    render_messages,
    told,
)

TURNS = st.builds(
    CallerTurn,
    text=st.text(max_size=5),
    digits=st.text("0123456789*#", max_size=3),
    heard_before=st.text(max_size=5),
    interrupted=st.booleans(),
)


def roles(history: ChatHistory, *, has_tools: bool = True) -> list[object]:
    return [message["role"] for message in render_messages(history, "Be.", has_tools=has_tools)]


def ours(history: ChatHistory) -> list[str]:
    return [entry.text for entry in history.entries if entry.is_ours]


def test_nothing_that_was_not_heard_is_kept() -> None:
    history = ChatHistory("Hello!")
    history.add_turn(CallerTurn(text="hi", heard_before="Hello!"))
    history.add_output(SayText(text="One. Two. Three."))
    history.add_turn(CallerTurn(text="stop", heard_before="One. Two", interrupted=True))

    assert ours(history) == ["One. Two\u2026"]


def test_half_of_a_character_that_was_heard_is_told_as_a_character() -> None:
    history = ChatHistory("")
    history.add_turn(CallerTurn(text="hi"))
    history.add_output(SayText(text="Hey \ud83d\ude00 you"))
    history.add_turn(CallerTurn(text="\ude00", heard_before="Hey \ud83d", interrupted=True))

    assert [entry.text for entry in history.entries] == ["hi", "Hey \ufffd\u2026", "\ufffd"]


def test_a_turn_that_nobody_heard_is_not_kept_although_the_one_before_is_told_again() -> None:
    history = ChatHistory("Hello!")
    history.add_turn(CallerTurn(text="hi", heard_before="Hello!"))
    history.add_output(SayText(text="One. Two. Three."))
    history.add_turn(CallerTurn(text="so?", heard_before="Hello!", interrupted=True))

    assert ours(history) == []


def test_an_answer_and_a_question_that_were_both_heard_before_are_kept_when_heard_anew() -> None:
    both = "It is noon. Are you still there?"
    history = ChatHistory("Hello!")
    history.add_turn(CallerTurn(text="hi", heard_before="Hello!", is_heard_anew=True))
    for said in ("well", "again"):
        history.add_output(SayText(text="It is noon."))
        history.add_turn(CallerTurn(text=said, heard_before=both, is_heard_anew=True))

    assert ours(history) == [both, both]


def test_a_turn_of_the_same_words_as_the_one_before_is_kept() -> None:
    history = ChatHistory("Pardon?")
    history.add_turn(CallerTurn(text="hi", heard_before="Pardon?"))
    history.add_output(SayText(text="Pardon?"))
    history.add_turn(CallerTurn(text="hi!", heard_before="Pardon?"))

    assert ours(history) == ["Pardon?"]


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ("I want to by a house.", "I want to buy a house."),
        ("\u5bb6\u3092\u8cb7\u3044\u305f", "\u5bb6\u3092\u8cb7\u3044\u305f\u3044"),
    ],
)
def test_a_guess_that_nobody_heard_an_answer_to_was_not_said(guess: str, said: str) -> None:
    history = ChatHistory("")
    history.add_turn(CallerTurn(text=guess, is_guess=True))
    history.add_output(SayText(text="Which one?"))
    history.add_turn(CallerTurn(text=said))

    assert [entry.text for entry in history.entries] == [said]


def test_a_guess_that_was_right_was_said_although_its_answer_was_cut_before_a_word() -> None:
    history = ChatHistory("Hello!")
    guess = CallerTurn(text="What time do you open?", heard_before="Hello!", is_guess=True)
    history.add_turn(guess)
    history.add_output(SayText(text="At nine."))
    history.add_turn(CallerTurn(text="On Sundays.", heard_before="Hello!", interrupted=True))

    told_texts = [entry.text for entry in history.entries]
    assert told_texts == ["What time do you open?", "On Sundays."]


def test_a_guess_that_was_answered_was_said() -> None:
    history = ChatHistory("")
    history.add_turn(CallerTurn(text="I want to buy a house.", is_guess=True))
    history.add_output(SayText(text="Which one?"))
    history.add_turn(CallerTurn(text="The blue one.", heard_before="Which one?"))

    told_texts = [entry.text for entry in history.entries]
    assert told_texts == ["I want to buy a house.", "Which one?", "The blue one."]


def test_what_somebody_else_had_us_say_is_kept() -> None:
    history = ChatHistory("")
    history.add_turn(CallerTurn(text="hi"))
    history.add_turn(CallerTurn(text="what?", heard_before="This is the operator."))

    assert ours(history) == ["This is the operator."]


def test_keys_without_words_are_kept() -> None:
    history = ChatHistory("")
    history.add_turn(CallerTurn(text="press one"))
    history.add_output(PressKeys(digits="1"))
    history.add_turn(CallerTurn(text="two"))

    assert roles(history) == ["system", "user", "assistant", "tool", "user"]
    assert roles(history, has_tools=False) == ["system", "user", "assistant", "user"]


def test_a_turn_of_nothing_is_told_as_such() -> None:
    assert told(CallerTurn(text=" \n")) == "(Nothing could be understood.)"


def test_half_a_character_is_not_sent() -> None:
    assert told(CallerTurn(text="a\ud800b")) == "a\ufffdb"


def test_the_oldest_turns_are_forgotten_first() -> None:
    history = ChatHistory("")
    for number in range(MOST_ENTRIES):
        history.add_turn(CallerTurn(text=f"{number}", heard_before=f"answer {number}"))

    assert len(history.entries) < MOST_ENTRIES
    assert history.entries[-1].text == f"{MOST_ENTRIES - 1}"
    assert not history.entries[0].is_ours


def test_ten_mebibytes_of_words_are_told_in_part() -> None:
    history = ChatHistory("")
    for _ in range(10):
        turn = CallerTurn(text="x" * (10 << 20), digits="1" * (10 << 20), heard_before="y" * 9_000)
        history.add_turn(turn)

    assert sum(entry.characters for entry in history.entries) <= MOST_CHARACTERS


@given(turns=st.lists(TURNS, min_size=1, max_size=20), has_tools=st.booleans())
def test_the_parties_alternate_and_theirs_is_the_first_and_the_last_word(
    turns: list[CallerTurn], has_tools: bool
) -> None:
    history = ChatHistory("Hello!")
    for turn in turns:
        history.add_turn(turn)
        history.add_output(SayText(text=turn.heard_before))
        if turn.digits:
            history.add_output(PressKeys(digits=turn.digits))

    speakers = [role for role in roles(history, has_tools=has_tools) if role != "tool"]
    assert speakers[0] == "system"
    assert speakers[1::2] == ["user"] * len(speakers[1::2])
    assert speakers[2::2] == ["assistant"] * len(speakers[2::2])
    assert speakers[-1] == "user"


def test_who_is_asked_again_with_more_words_is_told_all_of_them_once() -> None:
    history = ChatHistory("Hello!")
    history.add_turn(CallerTurn(text="I want a table.", heard_before="Hello!"))
    history.add_output(SayText(text="For how many?"))
    history.add_turn(CallerTurn(text="I want a table for two.", heard_before="Hello!"))
    history.add_turn(CallerTurn(text="I want a table for twenty.", heard_before="Hello!"))

    assert [entry.text for entry in history.entries] == [
        "I want a table for two.",
        "I want a table for twenty.",
    ]
