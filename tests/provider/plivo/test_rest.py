import json
from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plivo import RestClient

from voicecalld.call.events import EndReason, HungUp
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import Perform, PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.plivo.rest import PlivoRest
from voicecalld.provider.quotation import MOST_QUOTED_BYTES

ACCOUNT = "MA0123456789ABCDEFGH"
KEY = "s3cr3t-of-the-account"
CALL = ProviderCallId("b7c1e2d4-60f1-11ef-9a55-0242ac110003")
ORDERED = ProviderCallId("a1b2c3d4-60f1-11ef-9a55-0242ac110003")
BASE = f"https://api.plivo.com/v1/Account/{ACCOUNT}"
HOOK = "https://voice.example.com/voice/webhook?callId=call-1&node=main"
ORDER = PlaceOrder(
    call_id=CallId("call-1"),
    to=PhoneNumber("+12065550117"),
    from_=PhoneNumber("+13105550142"),
    webhook_url=HOOK,
    ring_timeout_s=29.5,
    max_duration_s=300.0,
)


def make(base_url: str = "https://api.plivo.com") -> PlivoRest:
    return PlivoRest(auth_id=ACCOUNT, auth_token=KEY, base_url=base_url)


def fields(request: HttpRequest | None) -> dict[str, Any]:
    assert request is not None
    assert request.headers["content-type"] == "application/json"
    document = json.loads(request.body)
    assert isinstance(document, dict)
    return document


def response(status: int, document: object) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps(document).encode())


# --- as Plivo's own library asks ------------------------------------------------------


class Recorder(RestClient):  # type: ignore[misc]  # it ships no types
    """Plivo's library, which writes down what it would send."""

    def request(self, method: str, path: Any = None, data: Any = None, **_more: Any) -> Any:
        prepared = self.create_request(method, path, data)
        body = json.loads(prepared.body) if prepared.body else {}
        self.sent = (prepared.method, prepared.url, body)


def is_asked_alike(ours: HttpRequest | None, library: Recorder) -> bool:
    """Whether the library would have asked the same; it says more than it is told to."""
    assert ours is not None
    method, url, body = library.sent
    said = fields(ours) if ours.body else {}
    same_place = (ours.method, ours.url) == (method, url.partition("?")[0])
    return same_place and said.items() <= body.items()


def test_plivos_own_library_would_ask_the_same() -> None:
    rest, library = make(), Recorder(ACCOUNT, KEY)

    library.calls.delete(CALL)
    assert is_asked_alike(rest.hang_up(CALL), library)

    library.calls.cancel(ORDERED)
    assert is_asked_alike(rest.cancel(ORDERED), library)

    library.calls.send_digits(CALL, "12w3#", leg="aleg")
    assert is_asked_alike(rest.press(CALL, "12w3#"), library)

    library.calls.update(CALL, legs="aleg", aleg_url=HOOK, aleg_method="POST")
    assert is_asked_alike(rest.redirect(CALL, HOOK), library)

    library.calls.get(CALL)
    assert is_asked_alike(rest.fetch(CALL), library)


def test_plivos_own_library_would_place_the_call_with_the_same_words() -> None:
    library = Recorder(ACCOUNT, KEY)
    library.calls.create(
        "+13105550142",
        "+12065550117",
        HOOK,
        ring_url=HOOK,
        hangup_url=HOOK,
        time_limit=330,
        ring_timeout=30,
        machine_detection="true",
        machine_detection_url=HOOK,
    )

    assert is_asked_alike(make().place(replace(ORDER, detects_machine=True)), library)


# --- placing --------------------------------------------------------------------------


def test_a_call_is_placed_with_its_limits_and_reports_to_us() -> None:
    request = make().place(ORDER)

    assert (request.method, request.url) == ("POST", f"{BASE}/Call/")
    assert fields(request) == {
        "to": "+12065550117",
        "from": "+13105550142",
        "ring_timeout": 30,
        "time_limit": 330,  # 300 s and 30 s, so that ours is over first
        "answer_url": HOOK,
        "answer_method": "POST",
        "ring_url": HOOK,
        "ring_method": "POST",
        "hangup_url": HOOK,
        "hangup_method": "POST",
    }


def test_what_would_happen_twice_must_not_be_repeated_and_all_else_may_be() -> None:
    rest = make()

    for once in (rest.place(ORDER), rest.press(CALL, "1")):
        assert once is not None
        assert not once.is_repeatable
    for request in (
        rest.hang_up(CALL),
        rest.cancel(ORDERED),
        rest.redirect(CALL, HOOK),
        rest.fetch(CALL),
    ):
        assert request is not None
        assert request.is_repeatable


def test_every_request_shows_who_we_are_and_has_a_slash_at_its_end() -> None:
    rest = make()

    for request in (
        rest.place(ORDER),
        rest.hang_up(CALL),
        rest.cancel(ORDERED),
        rest.press(CALL, "1"),
        rest.redirect(CALL, HOOK),
        rest.fetch(CALL),
    ):
        assert request is not None
        assert request.url.endswith("/")
        scheme, _, credentials = request.headers["authorization"].partition(" ")
        assert scheme == "Basic"
        assert b64decode(credentials).decode() == f"{ACCOUNT}:{KEY}"


def test_another_base_url_is_asked_instead() -> None:
    rest = make("http://127.0.0.1:81")

    assert rest.hang_up(CALL).url == f"http://127.0.0.1:81/v1/Account/{ACCOUNT}/Call/{CALL}/"


def test_an_opening_is_asked_for_at_the_answer() -> None:
    placed = make().place(replace(ORDER, opening=Perform(say="Hi", next_url="https://n")))

    assert placed == make().place(ORDER)


def test_a_machine_is_looked_for_while_the_call_goes_on() -> None:
    plain, looking = (
        fields(make().place(replace(ORDER, detects_machine=on))) for on in (False, True)
    )

    assert dict(looking.items() - plain.items()) == {
        "machine_detection": "true",
        "machine_detection_url": HOOK,
        "machine_detection_method": "POST",
    }


def test_plivos_longest_call_is_not_exceeded() -> None:
    assert fields(make().place(replace(ORDER, max_duration_s=1e6)))["time_limit"] == 86_400


# --- the answer to placing ------------------------------------------------------------


def test_the_name_of_the_order_is_read_from_the_answer() -> None:
    fired = {"message": "call fired", "request_uuid": ORDERED, "api_id": "x", "more": None}

    assert make().read_placed(response(201, fired)) == ORDERED


def test_a_refusal_is_told_with_its_reason() -> None:
    refusal = response(400, {"error": "to is not a number", "api_id": "x"})

    with pytest.raises(
        CarrierError, match=r"refused it with status 400: to is not a number"
    ) as caught:
        make().read_placed(refusal)

    assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize(
    "answer",
    [
        response(500, {"error": "Internal Server Error"}),
        HttpResponse(status=503, body=b"<html>"),
        HttpResponse(status=201),
        HttpResponse(status=202, body=b'{"message":"async api spawned"}'),
        response(201, {"request_uuid": "../x"}),
        response(201, {"request_uuid": f"{ORDERED}\n"}),
        response(201, {"request_uuid": 7}),
        response(201, {"request_uuid": None}),
        response(201, {"request_uuid": [ORDERED]}),
        response(201, {"message": "call fired"}),
        response(201, [ORDERED]),
        response(201, None),
    ],
)
def test_an_answer_that_leaves_it_open_whether_there_is_a_call_says_so(
    answer: HttpResponse,
) -> None:
    with pytest.raises(OutcomeUnknownError, match=f"status {answer.status}"):
        make().read_placed(answer)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 422, 429])
def test_a_name_does_not_make_a_refusal_a_call(status: int) -> None:
    with pytest.raises(CarrierError, match=f"status {status}") as caught:
        make().read_placed(response(status, {"request_uuid": ORDERED}))

    assert not isinstance(caught.value, OutcomeUnknownError)


def test_our_secrets_are_not_quoted_back() -> None:
    rest = make()
    credentials = rest.hang_up(CALL).headers["authorization"].removeprefix("Basic ")
    padding = "x" * (MOST_QUOTED_BYTES - 20)
    body = f"{credentials} {KEY} {padding}{KEY}".encode()

    words = rest.explain(HttpResponse(status=401, body=body))

    assert words.startswith("status 401, '*** *** xxx")
    assert KEY[:8] not in words


@given(status=st.integers(min_value=200, max_value=599), body=st.binary())
def test_any_other_answer_is_a_carrier_error(status: int, body: bytes) -> None:
    with pytest.raises(CarrierError, match=str(status)):
        make().read_placed(HttpResponse(status=status, body=body))


# --- a call that lives ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "over"),
    [
        (HttpResponse(status=204), True),
        (HttpResponse(status=202), True),
        (response(404, {"error": "call not found"}), True),
        (HttpResponse(status=400), False),
        (HttpResponse(status=401), False),
        (HttpResponse(status=429), False),
        (HttpResponse(status=503), False),
        (HttpResponse(status=302), False),
    ],
)
def test_a_call_is_over_when_plivo_ended_it_or_has_none(answer: HttpResponse, over: bool) -> None:
    assert make().is_hung_up(answer) is over


@pytest.mark.parametrize("status", [200, 400, 404, 409, 503])
def test_plivo_never_says_that_a_request_came_too_early(status: int) -> None:
    assert not make().is_too_early(response(status, {"error": "call not found"}))


RECORD: dict[str, object] = {
    "call_uuid": CALL,
    "end_time": "2026-01-01 00:00:45+00:00",
    "hangup_cause_code": 4000,
    "hangup_cause_name": "Normal Hangup",
    "hangup_source": "Callee",
}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (4000, EndReason.HANGUP_USER),
        (4010, EndReason.HANGUP_USER),
        (3000, EndReason.NO_ANSWER),
        (3010, EndReason.BUSY),
        (3020, EndReason.BUSY),
        (1000, EndReason.NO_ANSWER),
        (2000, EndReason.FAILED),
        (8011, EndReason.FAILED),
        (0, EndReason.FAILED),
    ],
)
def test_the_end_of_a_call_can_be_looked_up(code: int, reason: EndReason) -> None:
    record = response(200, RECORD | {"hangup_cause_code": code})

    assert make().read_end(record) == HungUp(reason=reason)


@pytest.mark.parametrize(
    "answer",
    [
        response(200, RECORD | {"end_time": None}),
        response(200, RECORD | {"end_time": ""}),
        response(200, RECORD | {"hangup_cause_code": None}),
        response(200, RECORD | {"hangup_cause_code": "4000"}),
        response(200, {"call_status": "in-progress"}),
        response(200, {}),
        response(200, None),
        response(200, [RECORD]),
        response(503, RECORD),
        HttpResponse(status=404),
        HttpResponse(status=200, body=b"\xff"),
    ],
)
def test_a_call_whose_end_is_not_known_has_not_ended(answer: HttpResponse) -> None:
    assert make().read_end(answer) is None
