"""The end of a call at its carrier: asked for, reported, or never told."""

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.able_carrier import BUSY, CALL, DONE, DOWN, FAILED, AbleProvider, leg_over
from voicecalld.errors import CarrierError, OutcomeUnknownError, UnreachableError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import RestApi
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.mock.rest import MockRest

# --- its end -------------------------------------------------------------------------


async def test_the_carrier_tells_how_the_call_has_ended() -> None:
    leg = leg_over(ScriptedLink(HttpResponse(status=200, body=b"busy")), AbleProvider)

    assert await leg.fetch_end() == BUSY


async def test_a_call_that_goes_on_has_no_end() -> None:
    assert await leg_over(ScriptedLink(DONE), AbleProvider).fetch_end() is None


@pytest.mark.parametrize("answer", [UnreachableError("away"), OutcomeUnknownError("lost"), None])
async def test_a_carrier_that_cannot_be_asked_is_noted_and_no_end(
    answer: CarrierError | None, autojump_clock: MockClock
) -> None:
    leg = leg_over(ScriptedLink(answer), AbleProvider)

    with capture_logs() as logs:
        end = await leg.fetch_end()

    assert end is None
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_nobody_is_asked_about_a_call_without_a_name_or_by_a_carrier_that_cannot_tell() -> (
    None
):
    link = ScriptedLink(DONE)
    unnamed = leg_over(link, AbleProvider)
    unnamed.call = None

    assert await unnamed.fetch_end() is None
    assert await leg_over(link).fetch_end() is None
    assert link.requests == []


async def test_a_hang_up_that_was_lost_is_asked_for_once_more() -> None:
    link = ScriptedLink(OutcomeUnknownError("lost"), DONE)

    await leg_over(link).hang_up()

    assert len(link.requests) == 2


async def test_a_hang_up_that_the_carrier_ignores_ends_within_ten_seconds(
    autojump_clock: MockClock,
) -> None:
    leg = leg_over(ScriptedLink(None))
    began_s = trio.current_time()

    with pytest.raises(CarrierError):
        await leg.hang_up()

    assert trio.current_time() - began_s == pytest.approx(10.0)


async def test_a_hang_up_that_is_refused_is_told() -> None:
    with pytest.raises(CarrierError, match="hanging up with status 400, 'no such thing'"):
        await leg_over(ScriptedLink(FAILED)).hang_up()


async def test_a_call_without_a_name_is_not_hung_up() -> None:
    link = ScriptedLink(DONE)
    leg = leg_over(link)
    leg.call = None

    await leg.hang_up()

    assert link.requests == []


# --- an order that has another name than its call ------------------------------------


class OrderingRest(MockRest):
    """A carrier that names the order when it is asked to dial, and the call later."""

    def cancel(self, order: ProviderCallId) -> HttpRequest | None:
        return HttpRequest(method="DELETE", url=f"mock://exchange/orders/{order}")


class OrderingProvider(MockProvider):
    @property
    def rest(self) -> RestApi:
        return OrderingRest()


GONE = HttpResponse(status=404)


@pytest.mark.parametrize("answers", [(DONE, GONE), (GONE, DONE), (DONE, DONE)])
async def test_the_order_of_a_call_that_was_not_reported_is_taken_back_and_then_it_is_hung_up(
    answers: tuple[HttpResponse, HttpResponse],
) -> None:
    link = ScriptedLink(*answers)

    await leg_over(link, OrderingProvider).hang_up()

    assert [request.url for request in link.requests] == [
        f"mock://exchange/orders/{CALL}",
        f"mock://exchange/calls/{CALL}",
    ]


async def test_an_order_that_is_gone_without_a_call_of_its_name_may_be_a_call_of_another() -> None:
    link = ScriptedLink(GONE)

    with pytest.raises(CarrierError, match="neither the order nor a call of its name"):
        await leg_over(link, OrderingProvider).hang_up()

    assert len(link.requests) == 2


async def test_the_order_of_a_call_that_was_reported_is_left_alone() -> None:
    link = ScriptedLink(DONE)
    leg = leg_over(link, OrderingProvider)
    leg.has_reported = True

    await leg.hang_up()

    assert [request.url for request in link.requests] == [f"mock://exchange/calls/{CALL}"]


async def test_a_call_is_hung_up_also_when_its_order_was_not_taken_back(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(DOWN, None, DONE)

    with pytest.raises(OutcomeUnknownError, match="5 s"):
        await leg_over(link, OrderingProvider).hang_up()

    assert [request.url.split("/")[3] for request in link.requests] == [
        "orders",
        "orders",
        "calls",
    ]


async def test_an_order_that_was_taken_back_before_need_not_be_found_again() -> None:
    link = ScriptedLink(DONE, FAILED, FAILED, GONE)
    leg = leg_over(link, OrderingProvider)
    with pytest.raises(CarrierError, match="no such thing"):
        await leg.hang_up()

    await leg.hang_up()

    assert len(link.requests) == 5


async def test_a_call_that_was_not_hung_up_leaves_the_end_open() -> None:
    link = ScriptedLink(DONE, FAILED)

    with pytest.raises(CarrierError, match="no such thing"):
        await leg_over(link, OrderingProvider).hang_up()

    assert len(link.requests) == 3
