import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.speech.phrase_grammar import build_grammar, plain_words, unknown_words


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("What time is it?", ("what", "time", "is", "it")),
        ("  Don\u2019t  'stop', please! ", ("don't", "stop", "please")),
        ("\u2014 ... !", ()),
        ("\u00c9t\u00e9 9", ("\u00e9t\u00e9", "9")),
    ],
)
def test_words_are_spelt_as_in_a_dictionary(phrase: str, words: tuple[str, ...]) -> None:
    assert plain_words(phrase) == words


@given(phrase=st.text(max_size=30))
def test_words_of_words_are_themselves(phrase: str) -> None:
    words = plain_words(phrase)

    assert plain_words(" ".join(words)) == words


def test_a_grammar_has_every_phrase_and_nothing_else() -> None:
    grammar = build_grammar([("yes", "please"), ("no",)])

    assert grammar.splitlines() == [
        "#JSGF V1.0;",
        "grammar phrases;",
        "public <phrase> = yes please | no;",
    ]


def test_words_that_no_line_of_the_dictionary_begins_with_are_unknown() -> None:
    dictionary = ["read R EH D\n", "read(2) R IY D\n", "\n", "it IH T\n"]

    assert unknown_words([("read", "it"), ("r", "read(3)")], dictionary) == ["r", "read(3)"]
