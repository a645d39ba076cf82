"""Placing a call: over a link and to a carrier that do as the test says."""

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.able_carrier import CALL, DONE, DOWN, ORDER, PLACED, leg_over
from voicecalld.errors import CarrierError, OutcomeUnknownError, UnreachableError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.switchboard.carrier_leg import CarrierLeg


async def test_a_placed_call_is_known_by_the_carriers_name() -> None:
    leg = leg_over(ScriptedLink(PLACED))
    leg.call = None

    placed = await leg.place(ORDER)

    assert placed == CALL
    assert leg.call == CALL


@pytest.mark.parametrize("status", [400, 401, 404, 429, 499])
async def test_a_refused_dial_is_no_call(status: int) -> None:
    leg = leg_over(ScriptedLink(HttpResponse(status=status)))

    with pytest.raises(CarrierError) as caught:
        await leg.place(ORDER)

    assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize(
    "answer", [UnreachableError("away"), CarrierError("no HTTP"), HttpResponse(status=402)]
)
async def test_where_there_is_certainly_no_call_there_is_none_to_hang_up(
    answer: HttpResponse | CarrierError,
) -> None:
    link = ScriptedLink(answer)
    leg = leg_over(link)
    leg.call = None

    with pytest.raises(CarrierError) as caught:
        await leg.place(ORDER)
    await leg.hang_up()

    assert not isinstance(caught.value, OutcomeUnknownError)
    assert len(link.requests) == 1


async def test_a_refusal_to_dial_again_leaves_the_first_dial_open() -> None:
    again = HttpResponse(status=403, body=b"too many calls", follows_doubt=True)
    leg = leg_over(ScriptedLink(again))
    leg.call = None

    with pytest.raises(OutcomeUnknownError, match="too many calls"):
        await leg.place(ORDER)
    with pytest.raises(CarrierError, match="has not said whether there is a call"):
        await leg.hang_up()


async def test_a_refusal_to_obey_again_leaves_open_whether_it_was_obeyed() -> None:
    again = HttpResponse(status=422, follows_doubt=True)

    with pytest.raises(OutcomeUnknownError, match="the keys with status 422"):
        await leg_over(ScriptedLink(again)).press("1")


async def test_a_hang_up_is_done_also_if_only_its_repetition_says_that_there_is_no_call() -> None:
    link = ScriptedLink(HttpResponse(status=404, follows_doubt=True))

    await leg_over(link).hang_up()

    assert len(link.requests) == 1


async def test_a_carrier_that_fails_to_dial_is_quoted() -> None:
    leg = leg_over(ScriptedLink(DOWN))

    with pytest.raises(OutcomeUnknownError, match="status 503, 'in maintenance'"):
        await leg.place(ORDER)


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(status=201, body=b'{"id": "mock-01'),
        HttpResponse(status=200, body=b"<html>"),
        HttpResponse(status=302),
        HttpResponse(status=500),
        HttpResponse(status=503),
        OutcomeUnknownError("lost"),
        None,
    ],
)
async def test_nobody_knows_of_a_dial_whose_answer_tells_nothing(
    answer: HttpResponse | CarrierError | None, autojump_clock: MockClock
) -> None:
    link = ScriptedLink(answer)
    leg = leg_over(link)
    leg.call = None

    with pytest.raises(OutcomeUnknownError):
        await leg.place(ORDER)

    with pytest.raises(CarrierError, match="has not said whether there is a call"):
        await leg.hang_up()
    assert leg.call is None
    assert len(link.requests) == 1


async def test_a_dial_may_take_a_carrier_fifteen_seconds(autojump_clock: MockClock) -> None:
    leg = leg_over(ScriptedLink(None))
    began_s = trio.current_time()

    with pytest.raises(OutcomeUnknownError, match="15 s"):
        await leg.place(ORDER)

    assert trio.current_time() - began_s == pytest.approx(15.0)


async def test_a_call_that_a_webhook_named_after_all_can_be_hung_up(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(None, DONE)
    leg = leg_over(link)
    leg.call = None
    with pytest.raises(OutcomeUnknownError):
        await leg.place(ORDER)

    leg.call = CALL
    await leg.hang_up()

    assert link.requests[-1].method == "DELETE"


class OvertakenLink(ScriptedLink):
    """Lets a webhook name the call before the dial is answered."""

    leg: CarrierLeg

    async def request(self, request: HttpRequest) -> HttpResponse:
        self.leg.call = ProviderCallId("named-by-webhook")
        return await super().request(request)


async def test_the_name_in_a_webhook_holds_though_the_dial_is_answered_with_another() -> None:
    link = OvertakenLink(PLACED)
    leg = link.leg = leg_over(link)

    placed = await leg.place(ORDER)

    assert placed == "named-by-webhook"
    assert leg.call == "named-by-webhook"
