import json

import pytest

from voicecalld.errors import CarrierError
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpResponse
from voicecalld.provider.mock.rest import MockRest
from voicecalld.provider.quotation import MOST_QUOTED_BYTES

CALL = ProviderCallId("mock-1")


def test_a_call_is_placed_with_its_limits() -> None:
    order = PlaceOrder(
        call_id=CallId("call-1"),
        to=PhoneNumber("+15550001"),
        from_=PhoneNumber("+15550002"),
        webhook_url="mock://hook",
        ring_timeout_s=30.0,
        max_duration_s=300.0,
    )

    request = MockRest().place(order)

    assert (request.method, request.url) == ("POST", "mock://exchange/calls")
    assert json.loads(request.body) == {
        "callId": "call-1",
        "to": "+15550001",
        "from": "+15550002",
        "webhookUrl": "mock://hook",
        "ringTimeoutS": 30.0,
        "maxDurationS": 300.0,
    }


def test_hanging_up_deletes_the_call() -> None:
    request = MockRest().hang_up(CALL)

    assert (request.method, request.url) == ("DELETE", "mock://exchange/calls/mock-1")


def test_keys_are_posted_to_the_call() -> None:
    request = MockRest().press(CALL, "12#")

    assert (request.method, request.url) == ("POST", "mock://exchange/calls/mock-1/digits")
    assert json.loads(request.body) == {"digits": "12#"}


@pytest.mark.parametrize(
    ("status", "over"), [(204, True), (404, True), (200, False), (503, False)]
)
def test_a_call_is_over_when_the_carrier_ended_it_or_has_none(status: int, over: bool) -> None:
    assert MockRest().is_hung_up(HttpResponse(status=status)) is over


def test_a_refusal_is_quoted_up_to_a_limit() -> None:
    body = b"no credit " + b"x" * 20_000 + b"END"

    with pytest.raises(CarrierError, match="status 402, 'no credit xxx") as caught:
        MockRest().read_placed(HttpResponse(status=402, body=body))

    assert len(str(caught.value)) < MOST_QUOTED_BYTES + 100
    assert "END" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id":7}', b'{"id":""}', b'{"id":"a/b"}'])
def test_an_answer_without_a_usable_id_is_the_carriers_error(body: bytes) -> None:
    with pytest.raises(CarrierError, match="status 201"):
        MockRest().read_placed(HttpResponse(status=201, body=body))


def test_the_exchange_needs_neither_be_redirected_nor_asked() -> None:
    rest = MockRest()

    assert rest.redirect(CALL, "mock://daemon") is None
    assert rest.fetch(CALL) is None
    assert rest.read_end(HttpResponse(status=200, body=b"{}")) is None
