from hypothesis import given
from hypothesis import strategies as st

from voicecalld.provider.http import Reply
from voicecalld.provider.replay import ReplayGuard

YES = Reply(body=b"yes")
NO = Reply(status=403, body=b"no")


def test_a_webhook_that_was_not_seen_has_no_answer() -> None:
    assert ReplayGuard(window_s=300.0).recall("key") is None


def test_a_webhook_that_was_seen_is_answered_again_as_before() -> None:
    guard = ReplayGuard(window_s=300.0)

    guard.remember("one", YES, 0.0)
    guard.remember("two", NO, 1.0)

    assert guard.recall("one") == YES
    assert guard.recall("two") == NO
    assert guard.recall("one") == YES


def test_an_answer_is_forgotten_only_when_its_window_is_over() -> None:
    guard = ReplayGuard(window_s=300.0)
    guard.remember("old", YES, 0.0)

    guard.remember("just in time", YES, 300.0)
    assert guard.recall("old") == YES
    guard.remember("too late", YES, 300.5)

    assert guard.recall("old") is None
    assert guard.recall("just in time") == YES


def test_the_oldest_answers_are_forgotten_when_there_are_too_many() -> None:
    guard = ReplayGuard(window_s=300.0, capacity=2)

    for number, key in enumerate(("one", "two", "three")):
        guard.remember(key, YES, float(number))

    assert [guard.recall(key) for key in ("one", "two", "three")] == [None, YES, YES]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5)), max_size=40))
def test_the_newest_answer_is_known_and_never_more_than_fit(
    seen: list[tuple[str, int]],
) -> None:
    guard = ReplayGuard(window_s=4.0, capacity=3)
    unix_s = 0.0

    for key, later_s in seen:
        unix_s += later_s
        guard.remember(key, YES, unix_s)

        assert len(guard.answers) <= 3
        assert all(unix_s - at_s <= 4.0 or at_s > 0 for at_s, _ in guard.answers.values())
