from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from voicecalld.errors import ConfigError, ServiceError, UnreachableServiceError, VoicecallError
from voicecalld.net.breaker import MOST_FAILURES, REST_S
from voicecalld.net.service_guard import ServiceGuard, ServiceState
from voicecalld.net.service_keeper import LONGEST_PAUSE_S, LOOK_S, ServiceKeeper


class Shop:
    """Opens services, but not before it has raised all *problems*."""

    def __init__(self, *problems: VoicecallError) -> None:
        self.problems = list(problems)
        self.is_open = False
        self.warmed = 0
        self.is_there = True
        self.answers_after_s = 0.0
        self.reached_s: list[float] = []

    @asynccontextmanager
    async def open(self) -> AsyncGenerator["Shop", None]:
        await trio.lowlevel.checkpoint()
        if self.problems:
            raise self.problems.pop(0)
        self.is_open = True
        try:
            yield self
        finally:
            self.is_open = False

    async def warm(self) -> None:
        await trio.lowlevel.checkpoint()
        self.warmed += 1

    async def reach(self, _url: str) -> None:
        self.reached_s.append(trio.current_time())
        await trio.sleep(self.answers_after_s)
        if not self.is_there:
            raise UnreachableServiceError("nobody there")


def keeper_of(shop: Shop, url: str = "") -> ServiceKeeper[Shop]:
    guard = ServiceGuard("agent", "shop", patience_s=3.0, unix_clock=trio.current_time)
    return ServiceKeeper(guard, shop.open, url=url, reach=shop.reach)


async def test_a_service_is_open_until_the_end_of_the_block() -> None:
    shop = Shop()
    keeper = keeper_of(shop)

    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        assert keeper.service is shop
        was_open = shop.is_open

    assert was_open
    assert not shop.is_open
    assert keeper.guard.health.state is ServiceState.OK


async def test_a_service_that_does_not_start_says_why_to_who_needs_it() -> None:
    keeper = keeper_of(Shop(ServiceError("no engine")))

    async with AsyncExitStack() as stack:
        await keeper.start(stack)

    assert keeper.guard.health.state is ServiceState.NOT_STARTED
    with pytest.raises(ServiceError, match=r"the agent \(shop\) has not started: no engine"):
        _ = keeper.service


async def test_a_service_that_is_configured_wrongly_is_an_error() -> None:
    keeper = keeper_of(Shop(ConfigError("no such voice")))

    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError):
            await keeper.start(stack)


async def test_a_service_that_does_not_start_is_started_later_more_and_more_seldom(
    autojump_clock: MockClock,
) -> None:
    problems = (ServiceError("one"), ConfigError("two"), ServiceError("three"))
    shop = Shop(*problems)
    keeper = keeper_of(shop)
    async with AsyncExitStack() as stack:
        await keeper.start(stack)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(keeper.run)
        await trio.sleep(1 + 2 + 3.9)
        reason = keeper.guard.health.reason
        await trio.sleep(0.2)
        was_open = shop.is_open
        nursery.cancel_scope.cancel()

    assert reason == "three"
    assert was_open
    assert not shop.is_open
    assert keeper.current is None


async def test_it_is_found_out_at_first_whether_a_distant_service_can_be_reached(
    autojump_clock: MockClock,
) -> None:
    shop = Shop()
    shop.is_there = False
    keeper = keeper_of(shop, url="http://shop.example")

    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        await keeper.start(stack)
        before = keeper.guard.health.state
        nursery.start_soon(keeper.run)
        await trio.sleep(100)
        missing = keeper.guard.health
        shop.is_there = True
        await trio.sleep(LONGEST_PAUSE_S)
        found = keeper.guard.health
        asked = len(shop.reached_s)
        await trio.sleep(1000)
        nursery.cancel_scope.cancel()

    assert before is ServiceState.NOT_STARTED
    assert (missing.state, missing.reason) == (ServiceState.FAILING, "nobody there")
    assert found.state is ServiceState.OK
    assert len(shop.reached_s) == asked  # who can be reached is left in peace


async def test_who_could_not_be_reached_in_use_is_looked_for_again(
    autojump_clock: MockClock,
) -> None:
    shop = Shop()
    keeper = keeper_of(shop, url="http://shop.example")

    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        await keeper.start(stack)
        nursery.start_soon(keeper.run)
        await trio.sleep(100)
        keeper.guard.on_failure(UnreachableServiceError("gone"))
        await trio.sleep(2)
        nursery.cancel_scope.cancel()

    assert len(shop.reached_s) == 2
    assert keeper.guard.health.state is ServiceState.OK


async def test_what_can_get_ready_is_told_to() -> None:
    shop = Shop()
    keeper = keeper_of(shop)

    await keeper.warm()
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        await keeper.warm()

    assert shop.warmed == 1


async def test_who_has_not_started_or_is_left_alone_is_known_not_to_work(
    autojump_clock: MockClock,
) -> None:
    keeper = keeper_of(Shop())
    async with AsyncExitStack() as stack:
        with pytest.raises(ServiceError, match="has not started"):
            await keeper.check()
        await keeper.start(stack)
        await keeper.check()
        for _ in range(MOST_FAILURES):
            keeper.guard.on_failure(ServiceError("out of breath"))
        with pytest.raises(ServiceError, match=r"left alone for a while: out of breath"):
            await keeper.check()
        await trio.sleep(REST_S)

        await keeper.check()  # else nobody would ever find out that it works again


async def test_who_could_not_be_reached_is_looked_for_once_more_when_it_is_needed(
    autojump_clock: MockClock,
) -> None:
    shop = Shop()
    shop.is_there = False
    keeper = keeper_of(shop, url="http://shop.example")
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        await keeper.check()  # nothing is known of it yet
        keeper.guard.on_trouble(UnreachableServiceError("gone"))
        with pytest.raises(UnreachableServiceError, match="nobody there"):
            await keeper.check()
        shop.is_there = True

        await keeper.check()

    assert keeper.guard.health.state is ServiceState.OK


async def test_who_does_not_answer_when_it_is_looked_for_keeps_nobody_waiting(
    autojump_clock: MockClock,
) -> None:
    shop = Shop()
    shop.answers_after_s = 3600.0
    keeper = keeper_of(shop, url="http://shop.example")
    async with AsyncExitStack() as stack:
        await keeper.start(stack)
        keeper.guard.on_trouble(UnreachableServiceError("gone"))
        asked_s = trio.current_time()

        with pytest.raises(UnreachableServiceError, match="gone"):
            await keeper.check()

    assert trio.current_time() - asked_s == pytest.approx(LOOK_S)
