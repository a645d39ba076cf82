from hypothesis import given
from hypothesis import strategies as st

from voicecalld.net.breaker import Breaker


def broken() -> Breaker:
    """Failed twice in a row, the second time at 1.0, and rests until 11.0."""
    breaker = Breaker(most_failures=2, window_s=60.0, rest_s=10.0)
    for now_s in (0.0, 1.0):
        assert breaker.admits(now_s)
        breaker.on_failure(now_s)
    return breaker


def test_a_service_that_fails_again_and_again_is_left_alone() -> None:
    breaker = broken()

    assert not breaker.admits(1.0)
    assert not breaker.admits(10.9)


def test_after_the_rest_one_is_let_through() -> None:
    breaker = broken()

    assert breaker.admits(11.0)
    assert not breaker.admits(11.0)


def test_if_that_one_succeeds_all_are_let_through() -> None:
    breaker = broken()
    breaker.admits(11.0)

    breaker.on_success()

    assert breaker.admits(11.0)
    assert breaker.admits(11.0)


def test_if_that_one_fails_the_service_rests_again() -> None:
    breaker = broken()
    breaker.admits(11.0)

    breaker.on_failure(12.0)

    assert not breaker.admits(21.9)
    assert breaker.admits(22.0)


def test_if_nobody_waits_for_that_one_the_next_is_let_through() -> None:
    breaker = broken()
    breaker.admits(11.0)

    breaker.on_given_up()

    assert breaker.admits(11.0)


def test_failures_with_successes_between_them_are_borne() -> None:
    breaker = Breaker(most_failures=2)

    for now_s in range(10):
        breaker.on_failure(float(now_s))
        breaker.on_success()

    assert breaker.admits(10.0)


def test_failures_that_are_far_apart_are_borne() -> None:
    breaker = Breaker(most_failures=2, window_s=60.0)

    for now_s in (0.0, 61.0, 122.0):
        breaker.on_failure(now_s)

    assert breaker.admits(122.0)


@given(st.lists(st.sampled_from(["ask", "fail", "succeed", "leave", "wait"])))
def test_whatever_happens_somebody_is_let_through_in_the_end(steps: list[str]) -> None:
    breaker, now_s, asking = Breaker(), 0.0, 0
    for step in steps:
        match step:
            case "ask":
                asking += breaker.admits(now_s)
            case "wait":
                now_s += 4.0
            case _ if not asking:
                continue
            case "fail":
                breaker.on_failure(now_s)
            case "succeed":
                breaker.on_success()
            case _:
                breaker.on_given_up()
        asking -= step in {"fail", "succeed", "leave"}
    for _ in range(asking):
        breaker.on_given_up()

    assert breaker.admits(now_s + 10.0)
