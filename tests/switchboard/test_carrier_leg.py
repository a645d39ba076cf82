"""What a call asks of its carrier: over a link and to a carrier that do as the test says."""

from collections.abc import Callable

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from voicecalld.call.events import EndReason, HungUp
from voicecalld.errors import CarrierError, OutcomeUnknownError, UnreachableError
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import PlaceOrder, RestApi
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.mock.rest import MockRest
from voicecalld.switchboard.carrier_leg import CarrierLeg

CALL = ProviderCallId("mock-0123456789abcdef")
BUSY = HungUp(reason=EndReason.BUSY)
ORDER = PlaceOrder(
    call_id=CallId("0123456789abcdef0123456789abcdef"),
    to=PhoneNumber("+15550001234"),
    from_=PhoneNumber("+15550005678"),
    webhook_url="http://127.0.0.1/voice",
    ring_timeout_s=30.0,
    max_duration_s=300.0,
)
PLACED = HttpResponse(status=201, body=b'{"id": "%s"}' % CALL.encode())
DONE = HttpResponse(status=204)
TOO_EARLY = HttpResponse(status=409)
FAILED = HttpResponse(status=400, body=b"no such thing")
DOWN = HttpResponse(status=503, body=b"in maintenance")


class ScriptedLink:
    """Gives one answer after the other, and the last one for ever; None is silence."""

    def __init__(self, *answers: HttpResponse | CarrierError | None) -> None:
        self.answers = list(answers)
        self.requests: list[HttpRequest] = []
        self.asked_s: list[float] = []

    async def request(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        self.asked_s.append(trio.current_time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await trio.lowlevel.checkpoint()
        if answer is None:
            await trio.sleep_forever()
        elif isinstance(answer, CarrierError):
            raise answer
        assert answer is not None
        return answer


class AbleRest(MockRest):
    """A carrier that can be asked for everything but keys."""

    def press(  # type: ignore[override]  # as `RestApi` allows
        self, _call: ProviderCallId, _digits: str
    ) -> HttpRequest | None:
        return None

    def redirect(self, call: ProviderCallId, url: str) -> HttpRequest | None:
        return HttpRequest(method="POST", url=f"mock://{call}", body=url.encode())

    def fetch(self, call: ProviderCallId) -> HttpRequest | None:
        return HttpRequest(method="GET", url=f"mock://{call}", is_repeatable=True)

    def read_end(self, response: HttpResponse) -> HungUp | None:
        return BUSY if response.body == b"busy" else None


class AbleProvider(MockProvider):
    @property
    def rest(self) -> RestApi:
        return AbleRest()


def leg_over(link: ScriptedLink, make: Callable[..., MockProvider] = MockProvider) -> CarrierLeg:
    leg = CarrierLeg(make(key=b"key"), link, ORDER)
    leg.call = CALL
    return leg


# --- placing -------------------------------------------------------------------------


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


# --- changing ------------------------------------------------------------------------


async def test_keys_are_pressed_by_a_carrier_that_can() -> None:
    link = ScriptedLink(DONE)

    assert await leg_over(link).press("12#")
    assert b"12#" in link.requests[0].body


async def test_keys_are_left_to_us_by_a_carrier_that_cannot() -> None:
    link = ScriptedLink(DONE)

    assert not await leg_over(link, AbleProvider).press("12#")
    assert link.requests == []


async def test_a_call_is_redirected_by_a_carrier_that_can() -> None:
    link = ScriptedLink(DONE)

    assert await leg_over(link, AbleProvider).redirect("https://us.example/turn")
    assert link.requests[0].body == b"https://us.example/turn"


async def test_a_call_stays_where_it_is_with_a_carrier_that_cannot_redirect_it() -> None:
    link = ScriptedLink(DONE)

    assert not await leg_over(link).redirect("https://us.example/turn")
    assert link.requests == []


async def test_what_came_too_early_is_asked_again_for_two_seconds(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(TOO_EARLY, TOO_EARLY, TOO_EARLY, DONE)
    began_s = trio.current_time()

    assert await leg_over(link, AbleProvider).redirect("https://us.example/turn")
    assert [at_s - began_s for at_s in link.asked_s] == pytest.approx([0, 0.25, 1.0, 2.0])


async def test_what_stays_too_early_is_refused(autojump_clock: MockClock) -> None:
    link = ScriptedLink(TOO_EARLY)

    with pytest.raises(CarrierError, match="answered the keys with status 409"):
        await leg_over(link).press("1")
    assert len(link.requests) == 4


async def test_a_refusal_for_another_reason_is_not_asked_again() -> None:
    link = ScriptedLink(FAILED)

    with pytest.raises(CarrierError, match="redirection with status 400, 'no such thing'"):
        await leg_over(link, AbleProvider).redirect("https://us.example/turn")
    assert len(link.requests) == 1


async def test_a_carrier_that_fails_to_change_a_call_is_quoted_and_leaves_it_open() -> None:
    with pytest.raises(OutcomeUnknownError, match="the keys with status 503, 'in maintenance'"):
        await leg_over(ScriptedLink(DOWN)).press("1")


async def test_a_carrier_that_fails_to_tell_of_a_call_is_quoted() -> None:
    leg = leg_over(ScriptedLink(DOWN), AbleProvider)

    with capture_logs() as logs:
        end = await leg.fetch_end()

    assert end is None
    assert [entry["reason"] for entry in logs] == ["status 503, 'in maintenance'"]


async def test_a_call_without_a_name_can_be_neither_pressed_nor_redirected() -> None:
    link = ScriptedLink(DONE)
    leg = leg_over(link, AbleProvider)
    leg.call = None

    with pytest.raises(CarrierError, match="not named"):
        await leg.press("1")
    with pytest.raises(CarrierError, match="not named"):
        await leg.redirect("https://us.example/turn")
    assert link.requests == []


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
