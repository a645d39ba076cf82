import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.agent.spoken_text import SpokenText

PIECES = st.lists(
    st.sampled_from(
        [
            "<",
            "think",
            ">",
            "</",
            "a",
            " ",
            "2 < 3",
            "<end_call/>",
            '<press keys="1"/>',
            "\U0001f600",
        ]
    ),
    max_size=20,
)


def taken(*pieces: str, orders: bool = True) -> list[AgentOutput]:
    spoken = SpokenText(tags_are_orders=orders)
    outputs = [output for piece in pieces for output in spoken.feed(piece)]
    return [*outputs, *spoken.flush()]


def merged(outputs: list[AgentOutput]) -> list[str]:
    """All that is said between two orders in one text, and the orders."""
    parts = [""]
    for output in outputs:
        if isinstance(output, SayText):
            parts[-1] += output.text
        else:
            parts += [repr(output), ""]
    return parts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>Hm.</think>Yes.", "Yes."),
        ("<THINKING>Hm.</thinking>\n\nYes.", "\n\nYes."),
        ("Yes.<think>Hm, <b>really</b>?", "Yes."),
        ("Hm.</think> Yes.", "Hm. Yes."),
        ("2 < 3 and 4 > 3", "2 < 3 and 4 > 3"),
        ("a <b>bold</b> word", "a <b>bold</b> word"),
        ("less than <", "less than <"),
        ("Bye <end_ca", "Bye "),
        ("<" + "x" * 200, "<" + "x" * 200),
    ],
)
def test_thoughts_are_left_out_and_everything_else_is_said(text: str, said: str) -> None:
    assert merged(taken(text)) == [said]
    assert merged(taken(*text)) == [said]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("<end_call/>", EndCall()),
        ("<End_Call>", EndCall()),
        ('<press keys="12*#"/>', PressKeys(digits="12*#")),
        ("<press keys='1 2'>", PressKeys(digits="12")),
    ],
)
def test_orders_in_tags_are_obeyed_only_where_there_are_no_tools(
    text: str, order: AgentOutput
) -> None:
    assert taken(*text) == [order]
    assert taken(*text, orders=False) == []


@pytest.mark.parametrize("tag", ['<press keys=" "/>', f'<press keys="{"1" * 40}"/>'])
def test_keys_that_cannot_be_pressed_are_not(tag: str) -> None:
    assert taken(tag) == []


def test_an_order_in_a_thought_is_none() -> None:
    assert taken("<think>shall I <end_call/>?</think>No.") == [SayText(text="No.")]


def test_a_long_thought_is_not_kept() -> None:
    spoken = SpokenText(tags_are_orders=True)
    for _ in range(1_000):
        assert spoken.feed("<think>" + "hm " * 100) == []

    assert len(spoken._held) < 100


@given(pieces=PIECES)
def test_where_a_text_is_cut_does_not_matter(pieces: list[str]) -> None:
    assert merged(taken(*pieces)) == merged(taken("".join(pieces)))
