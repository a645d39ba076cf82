"""How long to wait for more, by what was said so far."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.call.scenes import attentive
from voicecalld.call.endpointing import Close, read_close, wait_s

POLICY = attentive().turn


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("I want a table.", Close.WHOLE),
        ('He said "no!"', Close.WHOLE),
        ("Is it seven?", Close.WHOLE),
        ("I think so.", Close.WHOLE),
        ("そうです。", Close.WHOLE),
        ("My number is 555", Close.DICTATED),
        ("It is 555.", Close.DICTATED),
        ("five five", Close.DICTATED),
        ("A, N, N", Close.DICTATED),
        ("seven", Close.DICTATED),
        ("I want a table", Close.OPEN),
        ("that one", Close.OPEN),
        ("I saw Dr.", Close.OPEN),
        ("so", Close.OPEN),
        ("", Close.OPEN),
        ("...", Close.OPEN),
        ("I want a table and", Close.TRAILING),
        ("I want, um.", Close.TRAILING),
        ("Well...", Close.TRAILING),
        ("Ich komme, aber", Close.TRAILING),
    ],
)
def test_words_end_as_they_sound(text: str, close: Close) -> None:
    assert read_close(text) is close


def test_the_more_is_to_be_expected_the_longer_we_wait() -> None:
    texts = ("I do.", "I do", "five five", "I do and")

    waits = [wait_s(text, POLICY) for text in texts]

    assert waits == sorted(set(waits))


@given(text=st.text())
def test_no_words_make_us_wait_longer_than_the_cap(text: str) -> None:
    assert 0 < wait_s(text, replace(POLICY, endpoint_longest_s=0.5)) <= 0.5
