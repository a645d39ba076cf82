"""When `HttpLink` asks again, without sockets: the clock jumps whenever everybody waits."""

from collections.abc import Awaitable, Callable

import httpx  # noqa: ASYNC127 - as in the module that is tested
import pytest
import trio
from trio.testing import MockClock

from voicecalld.errors import CarrierError, UnreachableError
from voicecalld.net.http_client import HttpLink
from voicecalld.provider.http import HttpRequest, HttpResponse

Answer = Callable[[], Awaitable[httpx.Response]]


class Scripted(httpx.AsyncBaseTransport):
    """Gives one answer after the other, and the last one for ever; notes when it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked_s: list[float] = []
        self.began_s = trio.current_time()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - it knows what to say
        self.asked_s.append(trio.current_time() - self.began_s)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer()


def answering(status: int, **headers: str) -> Answer:
    async def answer() -> httpx.Response:
        await trio.lowlevel.checkpoint()
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b""))

    return answer


async def refusing() -> httpx.Response:
    await trio.lowlevel.checkpoint()
    raise httpx.ConnectError("nobody there")


async def black_hole() -> httpx.Response:
    await trio.sleep(4.0)
    raise httpx.ConnectTimeout("")


async def silent() -> httpx.Response:
    await trio.sleep_forever()
    raise AssertionError


DIAL = HttpRequest(method="POST", url="http://carrier.example/calls")
HANG_UP = HttpRequest(method="POST", url="http://carrier.example/calls/1", is_repeatable=True)


async def outcome_of(
    transport: Scripted, request: HttpRequest, patience_s: float
) -> HttpResponse | CarrierError | trio.TooSlowError:
    link = HttpLink(transport, random=lambda: 1.0)
    try:
        with trio.fail_after(patience_s):
            return await link.request(request)
    except (CarrierError, trio.TooSlowError) as error:
        return error


async def test_attempts_come_at_growing_distances(autojump_clock: MockClock) -> None:
    transport = Scripted(refusing)

    outcome = await outcome_of(transport, DIAL, 60.0)

    assert isinstance(outcome, UnreachableError)
    assert transport.asked_s == pytest.approx([0, 0.25, 0.75, 1.75, 3.75, 7.75])


async def test_the_carrier_is_left_alone_for_as_long_as_it_asks(autojump_clock: MockClock) -> None:
    transport = Scripted(answering(429, **{"Retry-After": "3"}), answering(201))

    outcome = await outcome_of(transport, DIAL, 15.0)

    assert isinstance(outcome, HttpResponse)
    assert outcome.status == 201
    assert transport.asked_s == pytest.approx([0, 3.0])


async def test_a_wish_that_outlasts_the_callers_deadline_makes_the_refusal_the_answer_at_once(
    autojump_clock: MockClock,
) -> None:
    transport = Scripted(answering(429, **{"Retry-After": "60"}), answering(201))

    outcome = await outcome_of(transport, HANG_UP, 5.0)

    assert isinstance(outcome, HttpResponse)
    assert outcome.status == 429
    assert transport.asked_s == [0]


async def test_a_dial_into_a_black_hole_ends_by_knowing_that_there_is_no_call(
    autojump_clock: MockClock,
) -> None:
    transport = Scripted(black_hole)

    outcome = await outcome_of(transport, DIAL, 15.0)

    assert isinstance(outcome, UnreachableError)
    assert str(outcome) == "the carrier cannot be reached: ConnectTimeout"
    # 4 s each; after the third there is no time left for a fourth one.
    assert transport.asked_s == pytest.approx([0, 4.25, 8.75])


async def test_a_hang_up_is_tried_until_the_callers_deadline_cuts_it(
    autojump_clock: MockClock,
) -> None:
    transport = Scripted(black_hole)

    outcome = await outcome_of(transport, HANG_UP, 5.0)

    assert isinstance(outcome, trio.TooSlowError)
    assert transport.asked_s == pytest.approx([0, 4.25])


async def test_silence_after_sending_is_the_callers_to_end(autojump_clock: MockClock) -> None:
    transport = Scripted(silent)

    outcome = await outcome_of(transport, DIAL, 3600.0)

    assert isinstance(outcome, trio.TooSlowError)
    assert len(transport.asked_s) == 1


async def test_who_waits_for_another_attempt_keeps_no_place_in_the_queue(
    autojump_clock: MockClock,
) -> None:
    transport = Scripted(refusing)
    link = HttpLink(transport, random=lambda: 1.0)
    link.places.total_tokens = 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.request, DIAL)
        await trio.sleep(0.1)
        transport.answers = [answering(200)]
        response = await link.request(HANG_UP)

    assert response.status == 200
    assert transport.asked_s == pytest.approx([0, 0.1, 0.25])
