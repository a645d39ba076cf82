import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.errors import CarrierError, OutcomeUnknownError, UnreachableError
from voicecalld.net.retry import (
    LONGEST_PAUSE_S,
    Outcome,
    after_doubt,
    leaves_doubt,
    may_ask_again,
    pause_s,
)
from voicecalld.provider.http import HttpRequest, HttpResponse

DIAL = HttpRequest(method="POST", url="https://carrier.example/calls")
HANG_UP = HttpRequest(method="POST", url="https://carrier.example/calls/1", is_repeatable=True)


def busy(retry_after: str) -> HttpResponse:
    return HttpResponse(status=429, headers={"retry-after": retry_after})


@pytest.mark.parametrize("request_", [DIAL, HANG_UP])
@pytest.mark.parametrize("outcome", [UnreachableError("away"), HttpResponse(status=429)])
def test_what_was_not_processed_may_always_be_asked_again(
    request_: HttpRequest, outcome: Outcome
) -> None:
    assert may_ask_again(request_, outcome)


@pytest.mark.parametrize("outcome", [OutcomeUnknownError("lost"), HttpResponse(status=503)])
def test_what_may_have_been_done_is_asked_again_only_if_that_does_no_harm(
    outcome: Outcome,
) -> None:
    assert may_ask_again(HANG_UP, outcome)
    assert not may_ask_again(DIAL, outcome)


@pytest.mark.parametrize("status", [200, 201, 204, 302, 400, 401, 404, 409, 428, 430, 499])
def test_an_answer_is_not_asked_for_again(status: int) -> None:
    assert not may_ask_again(HANG_UP, HttpResponse(status=status))


def test_a_request_that_cannot_be_sent_is_not_tried_again() -> None:
    assert not may_ask_again(HANG_UP, CarrierError("no HTTP"))


@pytest.mark.parametrize(
    ("outcome", "is_open"),
    [
        (OutcomeUnknownError("lost"), True),
        (HttpResponse(status=503), True),
        (HttpResponse(status=429), False),
        (UnreachableError("away"), False),
        (CarrierError("no HTTP"), False),
    ],
)
def test_what_was_not_processed_leaves_no_doubt(outcome: Outcome, *, is_open: bool) -> None:
    assert leaves_doubt(outcome) is is_open


def test_what_comes_after_a_doubt_does_not_end_it() -> None:
    away = after_doubt(UnreachableError("away"))

    assert isinstance(away, OutcomeUnknownError)
    assert str(away) == "an earlier answer was lost, and now away"
    assert after_doubt(HttpResponse(status=403)) == HttpResponse(status=403, follows_doubt=True)


def test_the_pause_doubles_from_attempt_to_attempt() -> None:
    pauses_s = [pause_s(attempt, UnreachableError("away"), lambda: 1.0) for attempt in range(1, 6)]

    assert pauses_s == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_chance_takes_up_to_half_of_the_pause() -> None:
    chances = itertools.cycle([0.0, 0.5])

    pauses_s = [pause_s(2, UnreachableError("away"), lambda: next(chances)) for _ in range(2)]

    assert pauses_s == [0.25, 0.375]


def test_the_carrier_may_ask_for_a_longer_pause_but_not_for_a_shorter_one() -> None:
    assert pause_s(1, busy(" 3 "), lambda: 1.0) == 3.0
    assert pause_s(1, busy("0"), lambda: 1.0) == 0.25


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {"x-ratelimit-reset": " 3 "}, 3.0),
        (429, {"x-ratelimit-reset": "3", "retry-after": "2"}, 2.0),
        (429, {"x-ratelimit-reset": "1790000000"}, 0.25),  # a moment, by some other clock
        (503, {"x-ratelimit-reset": "3"}, 0.25),  # of what nobody has complained
    ],
)
def test_who_asks_too_often_waits_until_more_is_allowed(
    status: int, headers: dict[str, str], wait_s: float
) -> None:
    assert pause_s(1, HttpResponse(status=status, headers=headers), lambda: 1.0) == wait_s


@pytest.mark.parametrize(
    "text", ["", "-3", "3.5", "٣", "1_0", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 10]
)
def test_what_is_no_number_of_seconds_is_no_wish(text: str) -> None:
    assert pause_s(1, busy(text), lambda: 1.0) == 0.25


@given(text=st.text(), attempt=st.integers(1, 100), chance=st.floats(0, 1, exclude_max=True))
def test_no_carrier_can_make_the_pause_long(text: str, attempt: int, chance: float) -> None:
    assert 0 < pause_s(attempt, busy(text), lambda: chance) <= LONGEST_PAUSE_S


def test_even_the_longest_wish_has_an_end() -> None:
    assert pause_s(1, busy("999999999"), lambda: 0.0) == LONGEST_PAUSE_S
