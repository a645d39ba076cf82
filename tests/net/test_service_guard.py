import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from voicecalld.errors import NotStartedError, ServiceError, UnreachableServiceError
from voicecalld.net.breaker import Breaker
from voicecalld.net.service_guard import LONGEST_REASON, ServiceGuard, ServiceState

BROKEN = ServiceError("broken")


def guard_of(most_failures: int = 5) -> ServiceGuard:
    return ServiceGuard(
        "agent",
        "openai",
        patience_s=3.0,
        unix_clock=trio.current_time,
        breaker=Breaker(most_failures=most_failures),
    )


def fail(guard: ServiceGuard, error: ServiceError = BROKEN) -> None:
    with pytest.raises(ServiceError), guard.attempt():
        raise error


def succeed(guard: ServiceGuard) -> None:
    with guard.attempt() as attempt:
        attempt.has_answered = True


async def test_a_service_has_not_started_until_it_has_done_something() -> None:
    guard = guard_of()
    before = guard.health

    succeed(guard)

    assert (before.state, before.reason) == (ServiceState.NOT_STARTED, "it has not been tried yet")
    assert (guard.health.state, guard.health.reason) == (ServiceState.OK, "")
    assert (guard.health.successes, guard.health.failures) == (1, 0)


async def test_a_service_fails_since_its_first_failure_and_for_its_latest_reason(
    autojump_clock: MockClock,
) -> None:
    guard = guard_of()
    began_s = trio.current_time()

    fail(guard)
    await trio.sleep(5)
    fail(guard, ServiceError("still broken" * LONGEST_REASON))

    assert guard.health.state is ServiceState.FAILING
    assert guard.health.since_unix_s == began_s
    assert guard.health.reason.startswith("still broken")
    assert len(guard.health.reason) == LONGEST_REASON
    assert guard.health.failures == 2


async def test_a_service_that_is_left_alone_fails_at_once_and_says_why() -> None:
    guard = guard_of(most_failures=1)
    fail(guard)

    with pytest.raises(ServiceError, match="left alone for a while: broken"), guard.attempt():
        pass

    assert guard.health.failures == 1  # it has not been asked


async def test_who_asks_and_goes_away_is_no_judge(autojump_clock: MockClock) -> None:
    guard = guard_of()

    with trio.move_on_after(2.9), guard.attempt():
        await trio.sleep_forever()

    assert guard.health.state is ServiceState.NOT_STARTED


async def test_who_goes_away_after_a_long_silence_has_seen_a_failure(
    autojump_clock: MockClock,
) -> None:
    guard = guard_of()

    with trio.move_on_after(3.1), guard.attempt():
        await trio.sleep_forever()

    assert guard.health.reason == "the agent (openai) gave no answer in time"


async def test_who_has_just_as_much_patience_has_seen_a_failure(
    autojump_clock: MockClock,
) -> None:
    guard = guard_of()

    with trio.move_on_after(3.0):
        await trio.sleep(0.01)  # whoever asks comes to it a moment later
        with guard.attempt():
            await trio.sleep_forever()

    assert guard.health.failures == 1


async def test_who_goes_away_again_and_again_has_seen_a_failure_in_the_end(
    autojump_clock: MockClock,
) -> None:
    guard = guard_of()
    failures = []

    latest = None
    for _ in range(4):
        with trio.move_on_after(1.6), guard.attempt(after=latest) as latest:
            await trio.sleep_forever()
        failures.append(guard.health.failures)

    assert failures == [0, 1, 1, 2]


async def test_an_answer_ends_the_wait(autojump_clock: MockClock) -> None:
    guard = guard_of()

    latest = None
    for has_answered in (False, True, False):
        with trio.move_on_after(1.6), guard.attempt(after=latest) as latest:
            latest.has_answered = has_answered
            await trio.sleep_forever()

    assert guard.health.failures == 0


async def test_what_took_long_and_went_well_is_no_failure(autojump_clock: MockClock) -> None:
    guard = guard_of()

    with guard.attempt():
        await trio.sleep(10)

    assert guard.health.state is ServiceState.NOT_STARTED
    assert guard.health.failures == 0


async def test_a_service_that_has_not_started_has_not_failed() -> None:
    guard = guard_of(most_failures=1)
    guard.on_not_started("no engine")

    fail(guard, NotStartedError("the agent (openai) has not started"))

    assert guard.health.state is ServiceState.NOT_STARTED
    assert (guard.health.reason, guard.health.failures) == ("no engine", 0)


async def test_it_is_told_when_a_service_stops_working_and_when_it_works_again() -> None:
    guard = guard_of()

    with capture_logs() as logged:
        for _ in range(3):
            succeed(guard)
        for _ in range(3):
            fail(guard)
        for _ in range(3):
            succeed(guard)

    assert [entry["event"] for entry in logged] == [
        "service does not work",
        "service works again",
    ]


async def test_that_a_service_does_not_start_is_told_once(autojump_clock: MockClock) -> None:
    guard = guard_of()
    began_s = trio.current_time()

    with capture_logs() as logged:
        for _ in range(3):
            guard.on_not_started("no engine")
            await trio.sleep(30)
        since_s = guard.health.since_unix_s
        guard.on_works()

    assert [entry["event"] for entry in logged] == [
        "service does not work",
        "service works again",
    ]
    assert since_s == began_s


async def test_who_goes_away_in_the_middle_has_seen_a_success(autojump_clock: MockClock) -> None:
    guard = guard_of()

    with trio.move_on_after(3.1), guard.attempt() as attempt:
        attempt.has_answered = True
        await trio.sleep_forever()

    assert guard.health.state is ServiceState.OK


async def test_to_be_reached_mends_only_what_could_not_be_reached() -> None:
    guard = guard_of()
    fail(guard, UnreachableServiceError("nobody there"))
    was_unreachable = guard.unreachable.is_set()
    guard.on_reached()
    mended = guard.health.state

    fail(guard)
    guard.on_reached()

    assert was_unreachable
    assert mended is ServiceState.OK
    assert not guard.unreachable.is_set()
    assert guard.health.state is ServiceState.FAILING


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ("the service cannot be reached", "the agent (openai) cannot be reached"),
        ("the service's answer broke off", "the agent (openai)'s answer broke off"),
        ("the agent said nothing", "the agent (openai) said nothing"),
        ("Shop refuses", "Shop refuses"),
    ],
)
async def test_of_an_error_it_is_told_once_which_service_it_is(told: str, named: str) -> None:
    guard = guard_of()
    error = ServiceError(told)

    fail(guard, error)
    fail(guard, error)

    assert str(error) == guard.health.reason == named


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("the service cannot be reached", "it cannot be reached"),
        ("the service's answer broke off", "its answer broke off"),
        ("the agent's WebSocket is closed", "its WebSocket is closed"),
        (
            "the service at 127.0.0.1 cannot be reached",
            "the service at 127.0.0.1 cannot be reached",
        ),
    ],
)
async def test_a_service_that_is_left_alone_is_named_once(reason: str, told: str) -> None:
    guard = guard_of(most_failures=1)
    fail(guard, ServiceError(reason))

    with pytest.raises(ServiceError) as refused, guard.attempt():
        pass

    assert str(refused.value) == f"the agent (openai) is left alone for a while: {told}"
