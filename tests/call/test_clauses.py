import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voicecalld.call.clauses import LONG_CLAUSE_CHARACTERS, ClauseChunker, speakable

# Few words, many marks: what matters is how they meet.
TOKENS = (
    "Sure",
    "Dr",
    "e.g",
    "3",
    "1,000",
    "10:30",
    "https://example.com/a?b=1",
    "a@b.example",
    "[a",
    "link](x)",
    "我们",
    "tremendously",
    ".",
    "...",
    ",",
    ":",
    ";",
    "?",
    "!",
    '"',
    "**",
    "\u3002",
    "\u300d",
    " ",
    " ",
    " ",
    "\n",
)
TEXTS = st.lists(st.sampled_from(TOKENS), max_size=80).map("".join)


def clauses_of(*pieces: str) -> tuple[str, ...]:
    chunker = ClauseChunker()
    fed = [clause for piece in pieces for clause in chunker.feed(piece)]
    return (*fed, *chunker.flush())


@pytest.mark.parametrize("mark", [".", "?", "!", ";", ":", "..."])
def test_the_first_clause_ends_at_the_first_mark(mark: str) -> None:
    clauses = clauses_of(f"Sure{mark} We are open until half past five.")

    assert clauses == (f"Sure{mark}", "We are open until half past five.")


def test_a_comma_ends_the_first_clause_only_once_it_has_twenty_characters() -> None:
    clauses = clauses_of("Well, let me see what we have, and then, all of a sudden, decide.")

    assert clauses[0] == "Well, let me see what we have,"
    assert clauses[1:] == ("and then, all of a sudden, decide.",)


def test_later_clauses_are_whole_sentences() -> None:
    clauses = clauses_of("Sure. Two things: one is short; the other, I fear, is not. Bye now.")

    assert clauses == ("Sure.", "Two things: one is short; the other, I fear, is not.", "Bye now.")


def test_short_sentences_go_with_the_next_one() -> None:
    clauses = clauses_of("Sure. Yes. No. I do mean it. Truly. And so on.")

    assert clauses == ("Sure.", "Yes. No. I do mean it.", "Truly. And so on.")


@pytest.mark.parametrize(
    "whole",
    [
        "It is 3.5 or 1,000 or 10:30",
        "Ask Dr. Smith and J. R. Smith of the U.S. e.g. now",
        "Go to https://example.com/a.b?c=1!d today",
        "Write to a.b@c.example now",
        "Wait...what is this",
        "Well . . . I do not know",
        "1. Press the button",
    ],
)
def test_nothing_is_cut_inside_a_thing_that_belongs_together(whole: str) -> None:
    assert clauses_of(f"{whole}. Next sentence here.")[0] == f"{whole}."


def test_a_sentence_that_ends_with_the_word_i_is_over() -> None:
    assert clauses_of("So do I. Next.") == ("So do I.", "Next.")


def test_quotes_behind_the_full_stop_belong_to_the_sentence() -> None:
    assert clauses_of('"Hello." That is all.') == ('"Hello."', "That is all.")


def test_marks_without_a_word_are_no_clause_yet() -> None:
    assert clauses_of("... ! Hello. You there.") == ("... ! Hello.", "You there.")


def test_chinese_full_stops_end_a_sentence_without_a_blank() -> None:
    long = "我们今天开门欢迎您来到我们的办公室参观访问\u3002"

    clauses = clauses_of(f"\u300c你好\u3002\u300d{long}好\u3002")

    assert clauses == ("\u300c你好\u3002\u300d", long, "好\u3002")


def test_an_endless_sentence_is_cut_at_the_last_blank_before_the_limit() -> None:
    clauses = clauses_of("nine char " * 21)

    # 20 times ten characters are 200, of which the last is a blank
    assert clauses == (("nine char " * 20)[:-1], "nine char")


def test_an_endless_word_is_cut_at_the_limit() -> None:
    assert [len(clause) for clause in clauses_of("x" * 450)] == [200, 200, 50]


def test_a_clause_comes_with_the_character_that_proves_its_end() -> None:
    chunker = ClauseChunker()

    assert chunker.feed("It is 3.") == ()
    assert chunker.feed("5 now.") == ()
    assert chunker.feed(" ") == ("It is 3.5 now.",)


def test_after_a_flush_the_next_clause_is_a_first_one_again() -> None:
    chunker = ClauseChunker()
    chunker.feed("Sure. And more ")
    chunker.flush()

    assert chunker.feed("Oh: yes") == ("Oh:",)


def test_blank_text_has_no_clauses() -> None:
    assert clauses_of(" \n\t ", " ") == ()


@given(text=TEXTS, cuts=st.lists(st.integers(0, 400), max_size=10))
def test_how_the_text_is_cut_into_pieces_does_not_matter(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(edges)]

    assert clauses_of(*pieces) == clauses_of(text)


@given(text=TEXTS | st.text(max_size=300))
def test_no_character_is_lost_added_or_moved(text: str) -> None:
    clauses = clauses_of(text)

    assert "".join("".join(clauses).split()) == "".join(text.split())
    assert all(clause == " ".join(clause.split()) for clause in clauses)
    assert all(0 < len(clause) <= LONG_CLAUSE_CHARACTERS for clause in clauses)


@given(text=TEXTS.map(lambda text: text.replace("\u3002", ". ")))
def test_clauses_joined_by_spaces_are_the_text_with_its_blanks_collapsed(text: str) -> None:
    words = [word[: LONG_CLAUSE_CHARACTERS - 1] for word in text.split()]

    assert " ".join(clauses_of(" ".join(words))) == " ".join(words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("**Bold**, *soft*, __loud__ and _low_.", "Bold, soft, loud and low."),
        ("***Both*** and ~~gone~~", "Both and gone"),
        ("# Heading", "Heading"),
        ("One. ## Two. Three", "One. Two. Three"),
        ("Run `ls -l` now", "Run ls -l now"),
        ("```python\nprint\n```", "python print"),
        ("- first\n* second\n+ third", "first second third"),
        ("- first - second \u2022 third", "first, second, third"),
        ("1. first", "1. first"),
        ("See [our site](https://example.com/x) now", "See our site now"),
        ("![a cat](cat.png)", "a cat"),
        ("site](https://example.com/x) now", "site now"),
        ("at [our", "at our"),
        ("<https://example.com>", "https://example.com"),
        ("a<br/>b", "a b"),
        ("a<br />b</p >c", "a b c"),
        ('<prosody rate="slow" pitch = "x">Hello</prosody>', "Hello"),
        ("Is a < b, or b > a?", "Is a < b, or b > a?"),
        ("Ask for <John Smith> there", "Ask for John Smith there"),
        ("Press <1>", "Press <1>"),
        ("> quoted\n---\n> more", "quoted more"),
        ("| a | b |", "a b"),
        ("Hi \U0001f600\U0001f44d\U0001f3fd there \u2764\ufe0f", "Hi there"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 1\ufe0f\u20e3 go \u2192 on", "1 go on"),
        ("a\x00b\x1b\u202ec\ud800", "abc"),
        ("a\u00a0b\r\nc\u2028d", "a b c d"),
    ],
)
def test_marks_that_nobody_would_say_are_removed(text: str, said: str) -> None:
    assert speakable(text) == said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("We open at nine", ""),
        ("We open at nine.", "We open at nine."),
        ('He said "no."', 'He said "no."'),
        ("I will ask Dr.", ""),
        ("OK then. 1.", ""),
        ("\u597d\u7684\u3002", "\u597d\u7684\u3002"),
    ],
)
def test_what_was_fed_last_is_a_sentence_if_it_ends_like_one(text: str, sentence: str) -> None:
    chunker = ClauseChunker()

    chunker.feed(text)

    assert chunker.last_sentence == sentence


@pytest.mark.parametrize(
    "text",
    [
        "5 * 3 = 15",
        "5*3",
        "20\u00b0C",
        "Press # now",
        "#5",
        "snake_case",
        "9 - 5",
        "C# & co.",
        "x-y",
    ],
)
def test_marks_that_people_do_say_are_kept(text: str) -> None:
    assert speakable(text) == text


@pytest.mark.parametrize("text", ["", "  ", "...", "**", "\U0001f600", "---", "\x00", "#"])
def test_a_text_without_letters_and_digits_says_nothing(text: str) -> None:
    assert speakable(text) == ""


@given(text=st.text(max_size=200) | st.text("*_`#~- a1.[]()<>\n", max_size=60))
@example("*`*`a")
@example("*~~*b")
def test_no_mark_emoji_or_control_character_is_ever_spoken(text: str) -> None:
    said = speakable(text)

    assert not any(mark in said for mark in ("**", "__", "`", "~", "["))
    assert not any(unicodedata.category(character)[0] == "C" for character in said)
    assert said == " ".join(said.split())
