"""What words that come over ours are to us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.call.words import Meaning
from voicecalld.provider.base import WordsHeard
from voicecalld.switchboard.overheard import judge, repeats

SAID = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."


def final(text: str) -> WordsHeard:
    return WordsHeard(text=text, is_final=True)


def guess(text: str) -> WordsHeard:
    return WordsHeard(text=text, is_final=False)


@pytest.mark.parametrize(
    "words",
    [
        final("No."),
        final("Stop, please."),
        final("Yeah, but on Sunday?"),
        guess("I want"),
        guess("Tomorrow"),
        guess("不行吗"),  # as long as a word of six letters
    ],
)
def test_real_words_interrupt(words: WordsHeard) -> None:
    assert judge(words, SAID) is Meaning.INTERRUPTION


@pytest.mark.parametrize(
    "words",
    [
        final("Mm-hm."),
        final("Yeah."),
        final("Okay, okay!"),
        final("Uh-huh, right."),
        final("Ja, genau."),
        final("はい。"),
        final("..."),
        final(""),
        guess("uh huh"),
        guess("Wait"),  # a guess of one short word may be a noise
    ],
)
def test_who_only_listens_does_not_interrupt(words: WordsHeard) -> None:
    assert judge(words, SAID) is Meaning.ASIDE


@pytest.mark.parametrize(
    "words",
    [
        final("from Monday to Friday"),
        final("We are open."),
        final("until NOON"),
        final("Saturday"),
        guess("five and on Satur"),
        guess("ope"),
    ],
)
def test_our_own_words_are_an_echo(words: WordsHeard) -> None:
    assert judge(words, SAID) is Meaning.ECHO


@pytest.mark.parametrize(
    "words",
    [
        final("from Monday to Sunday"),
        final("five and on Satur"),  # certain, so it is no part of a word
        final("until noon tomorrow"),
        final("Friday to Monday"),
    ],
)
def test_words_that_are_only_like_ours_interrupt(words: WordsHeard) -> None:
    assert judge(words, SAID) is Meaning.INTERRUPTION


def test_words_that_we_have_not_come_to_are_no_echo() -> None:
    assert judge(final("on Saturday"), "We are open from") is Meaning.INTERRUPTION


@given(text=st.text(), is_final=st.booleans())
def test_nothing_repeats_what_was_not_said(text: str, is_final: bool) -> None:
    assert not repeats(WordsHeard(text=text, is_final=is_final), "")


@given(said=st.lists(st.sampled_from(["one", "two", "three"]), min_size=1), data=st.data())
def test_any_stretch_of_what_was_said_repeats_it(said: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(said) - 1))
    end = data.draw(st.integers(first + 1, len(said)))

    stretch = " ".join(said[first:end])

    assert repeats(final(stretch.title()), " ".join(said))
