"""What was heard piece by piece, and when that was all."""

import pytest
import trio
from trio.testing import MockClock

from voicecalld.provider.base import KeyHeard, Listen, WordsHeard
from voicecalld.switchboard.heard import (
    FINAL_S,
    KEYS_PAUSE_S,
    LATE_FINAL_S,
    OVERTAKEN_S,
    Heard,
    Taken,
)

LISTEN = Listen(begin_s=5.0, end_s=0.7)
NOW_S = 100.0


def guess(text: str) -> WordsHeard:
    return WordsHeard(text=text, is_final=False)


def final(text: str) -> WordsHeard:
    return WordsHeard(text=text, is_final=True)


def key(digit: str) -> KeyHeard:
    return KeyHeard(digit=digit)


def heard_of(*pieces: WordsHeard | KeyHeard) -> Heard:
    heard = Heard()
    for piece in pieces:
        heard.on_progress(piece, 0.0)
    return heard


@pytest.mark.parametrize(
    ("pieces", "text", "digits"),
    [
        ([], "", ""),
        ([final("Yes.")], "Yes.", ""),
        ([guess("I want"), guess("I want a"), final("I want a table.")], "I want a table.", ""),
        ([final(" Yes. "), final("For two.")], "Yes. For two.", ""),
        ([final("Yes."), guess("For")], "Yes. For", ""),
        ([guess("noise"), final("")], "", ""),
        ([key("1"), final("Yes."), key("2"), key("#")], "Yes.", "12#"),
        ([final("I want a table."), guess("I want")], "I want a table.", ""),  # it was overtaken
    ],
)
def test_what_was_heard_is_all_that_is_certain_and_the_last_guess(
    pieces: list[WordsHeard | KeyHeard], text: str, digits: str
) -> None:
    assert heard_of(*pieces).take(NOW_S) == Taken(text=text, digits=digits)


def test_a_guess_that_comes_too_late_to_have_been_overtaken_is_news() -> None:
    heard = heard_of(final("I want a table."))

    heard.on_progress(guess("I"), OVERTAKEN_S)

    assert heard.take(NOW_S) == Taken(text="I want a table. I", digits="")


def at(unix_s: float, text: str, *, is_final: bool = True) -> WordsHeard:
    return WordsHeard(text=text, is_final=is_final, unix_s=unix_s)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([at(7.0, "for two."), at(5.0, "I want a table")], "I want a table for two."),
        ([at(7.0, "for two."), at(5.0, "I want", is_final=False)], "for two."),
        ([at(5.0, "I want."), at(7.0, "I", is_final=False)], "I want. I"),
        ([at(5.0, "I want."), at(5.0, "I", is_final=False)], "I want."),
        ([at(7.0, "One."), final("Two."), at(5.0, "Three.")], "One. Two. Three."),  # who knows?
    ],
)
def test_words_are_put_in_the_order_in_which_they_were_made_out(
    pieces: list[WordsHeard | KeyHeard], text: str
) -> None:
    assert heard_of(*pieces).take(NOW_S).text == text


def test_what_was_taken_at_last_is_remembered_with_its_time() -> None:
    heard = heard_of(at(7.0, "for two."), at(5.0, "I want a table"))

    taken = heard.take(NOW_S)

    assert heard.taken == taken
    assert heard.taken_unix_s == 7.0


def test_a_guess_outlives_late_news_of_the_words_before_it() -> None:
    newer = WordsHeard(text="and another", is_final=False, unix_s=6.0)

    taken = heard_of(newer, at(5.0, "One thing.")).take(NOW_S)

    assert taken.text == "One thing. and another"


def test_a_carrier_whose_clock_jumps_is_understood_again_soon() -> None:
    heard = heard_of(at(253_370_764_800.0, "Yes."))
    heard.take(NOW_S)

    assert heard.was_taken(at(7.0, "Yes."), NOW_S + LATE_FINAL_S - 1)
    assert not heard.was_taken(at(7.0, "No."), NOW_S + LATE_FINAL_S)


def test_what_was_taken_is_not_given_again() -> None:
    heard = heard_of(final("Yes."), guess("For"), key("1"))

    heard.take(NOW_S)

    assert heard.is_empty
    assert heard.take(NOW_S) == Taken(text="", digits="")


def test_keys_are_not_forgotten_with_the_words() -> None:
    heard = heard_of(final("Yes."), guess("For"), key("1"))

    heard.forget_words()

    assert heard.take(NOW_S) == Taken(text="", digits="1")


async def wait_with(*pieces: tuple[float, WordsHeard | KeyHeard]) -> float:
    """How long is listened to *pieces*, each with the moment when it comes."""

    async def tell() -> None:
        for at_s, piece in pieces:
            await trio.sleep_until(began_s + at_s)
            heard.on_progress(piece, trio.current_time())

    heard, began_s = Heard(), trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tell)
        await heard.wait_over(LISTEN)
        nursery.cancel_scope.cancel()
    return trio.current_time() - began_s


@pytest.mark.parametrize(
    ("pieces", "lasts_s"),
    [
        ([], 5.0),
        ([(2.0, final("Yes."))], 2.7),
        ([(2.0, guess("Ye")), (3.0, final("Yes."))], 3.7),
        ([(2.0, guess("Ye"))], 2.0 + FINAL_S),
        ([(4.9, guess("I")), (9.0, guess("I want")), (12.0, final("I want."))], 12.7),
        ([(2.0, final("Yes.")), (2.5, guess("For")), (3.0, final("For two."))], 3.7),
        ([(2.0, key("1"))], 2.0 + KEYS_PAUSE_S),
        ([(2.0, key("1")), (2.9, key("2"))], 2.9 + KEYS_PAUSE_S),  # a number has many
        ([(2.0, key("1")), (2.5, final("One."))], 3.2),
        ([(2.0, guess("On")), (2.5, key("1")), (4.5, final("One."))], 5.2),
        ([(1.0, guess("noise")), (2.0, final(""))], 5.0),
        # The same words again: somebody goes on talking, or else the guess was overtaken.
        ([(2.0, final("I want.")), (2.5, guess("I")), (2.65, guess("I want"))], 3.35),
        ([(2.0, final("I want.")), (2.6, guess("I")), (3.2, guess("I")), (4.0, final("I."))], 4.7),
    ],
)
async def test_it_is_over_when_they_have_finished_or_have_not_begun_in_time(
    pieces: list[tuple[float, WordsHeard | KeyHeard]], lasts_s: float, autojump_clock: MockClock
) -> None:
    assert await wait_with(*pieces) == pytest.approx(lasts_s)


async def test_a_key_from_before_is_waited_behind_since_we_listen(
    autojump_clock: MockClock,
) -> None:
    heard = heard_of(key("1"))
    await trio.sleep(30)
    began_s = trio.current_time()

    await heard.wait_over(LISTEN)

    assert trio.current_time() - began_s == pytest.approx(KEYS_PAUSE_S)
