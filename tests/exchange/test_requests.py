import json
from collections.abc import Mapping

import pytest

from voicecalld.errors import BadMessageError
from voicecalld.exchange.requests import HangUpOrder, PressOrder, parse_request
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest
from voicecalld.provider.mock.rest import MockRest

CALL = ProviderCallId("mock-1")
ORDER = PlaceOrder(
    call_id=CallId("call-1"),
    to=PhoneNumber("+15550001"),
    from_=PhoneNumber("+15550002"),
    webhook_url="mock://hook",
    ring_timeout_s=30.0,
    max_duration_s=300.0,
)


def test_what_the_daemon_asks_for_is_understood() -> None:
    rest = MockRest()

    assert parse_request(rest.place(ORDER)) == ORDER
    assert parse_request(rest.hang_up(CALL)) == HangUpOrder(call=CALL)
    assert parse_request(rest.press(CALL, "1#w")) == PressOrder(call=CALL, digits="1#w")


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "12345"},
        {"from": None},
        {"callId": ""},
        {"webhookUrl": ""},
        {"ringTimeoutS": 0},
        {"maxDurationS": "300"},
        {"maxDurationS": -1},
    ],
)
def test_an_order_with_a_wrong_field_is_refused(changes: Mapping[str, object]) -> None:
    fields = {**json.loads(MockRest().place(ORDER).body), **changes}
    body = json.dumps(fields).encode()

    with pytest.raises(BadMessageError):
        parse_request(HttpRequest(method="POST", url="mock://exchange/calls", body=body))


@pytest.mark.parametrize("body", [b"{}", b'{"digits":7}', b'{"digits":""}', b'{"digits":"77x"}'])
def test_keys_that_no_telephone_has_are_refused_and_not_repeated(body: bytes) -> None:
    url = "mock://exchange/calls/mock-1/digits"

    with pytest.raises(BadMessageError) as caught:
        parse_request(HttpRequest(method="POST", url=url, body=body))

    assert "77" not in str(caught.value)
