import json
from base64 import b64decode
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.rest import Client

from tests.provider.twilio.twiml import read_twiml
from voicecalld.call.events import EndReason, HungUp
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import Perform, PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.quotation import MOST_QUOTED_BYTES
from voicecalld.provider.twilio.rest import (
    DEFAULT_BASE_URL,
    TwilioRest,
    choose_base_url,
)
from voicecalld.provider.voice import Voice

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
KEY = "s3cr3t-of-the-account"
CALL = ProviderCallId("CA5f0c1e7d9b3a48cf9e2d1a0b7c6e5f43")
CALLS = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls"
HOOK = "https://voice.example.com/voice/webhook?callId=call-1&node=main"
ORDER = PlaceOrder(
    call_id=CallId("call-1"),
    to=PhoneNumber("+12065550117"),
    from_=PhoneNumber("+13105550142"),
    webhook_url=HOOK,
    ring_timeout_s=29.5,
    max_duration_s=300.0,
)


def make(base_url: str = DEFAULT_BASE_URL, region: str = "us1") -> TwilioRest:
    return TwilioRest(
        account_sid=ACCOUNT,
        auth_token=KEY,
        base_url=base_url,
        region=region,
        voice=Voice(language="en-US", name=""),
    )


def fields(request: HttpRequest | None) -> list[tuple[str, str]]:
    assert request is not None
    return parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)


def response(status: int, document: object) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps(document).encode())


# --- placing --------------------------------------------------------------------------


def test_a_call_is_placed_with_its_limits_and_reports_to_us() -> None:
    request = make().place(ORDER)

    assert (request.method, request.url) == ("POST", f"{CALLS}.json")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert fields(request) == [
        ("To", "+12065550117"),
        ("From", "+13105550142"),
        ("Timeout", "30"),
        ("TimeLimit", "330"),  # 300 s and 30 s, so that ours is over first
        ("Url", HOOK),
        ("Method", "POST"),
        ("StatusCallback", HOOK),
        ("StatusCallbackMethod", "POST"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ]


def test_placing_a_call_must_not_be_repeated_and_all_else_may_be() -> None:
    rest = make()

    assert not rest.place(ORDER).is_repeatable
    for request in (rest.hang_up(CALL), rest.redirect(CALL, HOOK), rest.fetch(CALL)):
        assert request is not None
        assert request.is_repeatable


def test_every_request_shows_who_we_are() -> None:
    rest = make()

    for request in (rest.place(ORDER), rest.hang_up(CALL), rest.fetch(CALL)):
        assert request is not None
        scheme, _, credentials = request.headers["authorization"].partition(" ")
        assert scheme == "Basic"
        assert b64decode(credentials).decode() == f"{ACCOUNT}:{KEY}"


def test_an_opening_goes_along_instead_of_a_url() -> None:
    request = make().place(replace(ORDER, opening=Perform(say="Hi & bye", next_url="https://n")))

    placed = dict(fields(request))
    assert [element.tag for element in read_twiml(placed["Twiml"])] == [
        "Say",
        "Redirect",
    ]
    assert "Url" not in placed


def test_an_opening_that_is_too_long_is_asked_for() -> None:
    empty = len(dict(fields(make().place(replace(ORDER, opening=Perform(say="x")))))["Twiml"]) - 1
    fits = Perform(say="x" * (4000 - empty))
    too_long = Perform(say="x" * (4001 - empty))

    assert len(dict(fields(make().place(replace(ORDER, opening=fits))))["Twiml"]) == 4000
    placed = dict(fields(make().place(replace(ORDER, opening=too_long))))
    assert "Twiml" not in placed
    assert placed["Url"] == HOOK


def test_a_machine_is_looked_for_while_the_call_goes_on() -> None:
    placed = fields(make().place(replace(ORDER, detects_machine=True)))

    assert placed[-4:] == [
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", HOOK),
        ("AsyncAmdStatusCallbackMethod", "POST"),
    ]


def test_twilios_own_limits_are_kept() -> None:
    placed = dict(fields(make().place(replace(ORDER, ring_timeout_s=1e4, max_duration_s=1e6))))

    assert (placed["Timeout"], placed["TimeLimit"]) == ("600", "86400")


# --- the answer to placing ------------------------------------------------------------


def test_the_id_is_read_from_the_answer() -> None:
    assert make().read_placed(response(201, {"sid": CALL, "status": "queued"})) == CALL


def test_a_refusal_is_told_with_its_code_and_its_reason() -> None:
    refusal = response(400, {"code": 21211, "message": "not a number", "status": 400})

    with pytest.raises(CarrierError, match="status 400, code 21211: not a number") as caught:
        make().read_placed(refusal)

    assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize(
    "answer",
    [
        response(500, {"code": 20500, "message": "Internal Server Error"}),
        HttpResponse(status=503, body=b"<html>"),
        HttpResponse(status=201),
        response(201, {"sid": "CA/../x"}),
        response(201, {"sid": f"{CALL}\n"}),
        response(201, {"sid": 7}),
        response(201, [CALL]),
    ],
)
def test_an_answer_that_leaves_it_open_whether_there_is_a_call_says_so(
    answer: HttpResponse,
) -> None:
    with pytest.raises(OutcomeUnknownError, match=f"status {answer.status}"):
        make().read_placed(answer)


def test_a_call_sid_does_not_make_a_refusal_a_call() -> None:
    with pytest.raises(CarrierError, match="status 409"):
        make().read_placed(response(409, {"sid": CALL}))


def test_a_refusal_is_quoted_up_to_a_limit() -> None:
    body = b"no credit " + b"x" * 20_000 + b"END"

    with pytest.raises(CarrierError, match="status 402, 'no credit xxx") as caught:
        make().read_placed(HttpResponse(status=402, body=body))

    assert len(str(caught.value)) < MOST_QUOTED_BYTES + 100
    assert "END" not in str(caught.value)


def test_our_secrets_are_not_quoted_back() -> None:
    rest = make()
    credentials = rest.hang_up(CALL).headers["authorization"].removeprefix("Basic ")
    padding = "x" * (MOST_QUOTED_BYTES - 20)
    body = f"{credentials} {KEY} {padding}{KEY}".encode()

    words = rest.explain(HttpResponse(status=401, body=body))

    assert words.startswith("status 401, '*** *** xxx")
    assert credentials not in words
    assert KEY[:8] not in words


def test_an_answer_is_explained_with_its_status_its_code_and_its_words() -> None:
    answer = {"code": 20003, "message": "Authenticate", "more_info": "https://a.test", "status": 1}

    words = make().explain(response(401, answer))

    assert words == "status 401, code 20003: Authenticate"


def test_a_refusal_is_one_sentence() -> None:
    with pytest.raises(CarrierError) as caught:
        make().read_placed(response(400, {"code": 21201, "message": "No 'To' number"}))

    words = "the carrier refused it with status 400, code 21201: No 'To' number"
    assert str(caught.value) == words


@given(status=st.integers(min_value=200, max_value=599), body=st.binary())
def test_any_other_answer_is_a_carrier_error(status: int, body: bytes) -> None:
    with pytest.raises(CarrierError, match=str(status)):
        make().read_placed(HttpResponse(status=status, body=body))


# --- a call that lives ----------------------------------------------------------------


def test_hanging_up_completes_the_call() -> None:
    request = make().hang_up(CALL)

    assert (request.method, request.url) == ("POST", f"{CALLS}/{CALL}.json")
    assert fields(request) == [("Status", "completed")]


def test_an_order_is_hung_up_like_its_call_and_needs_no_other_request() -> None:
    assert make().cancel(CALL) is None


@pytest.mark.parametrize(
    ("answer", "over"),
    [
        (HttpResponse(status=200), True),
        (HttpResponse(status=404), True),
        (response(404, {"code": 20404}), True),
        (response(400, {"code": 20404}), True),
        (response(400, {"code": 21220}), True),  # it cannot be ended, for it has ended
        (response(400, {"code": 20001}), False),
        (HttpResponse(status=401), False),
        (HttpResponse(status=503), False),
    ],
)
def test_a_call_is_over_when_twilio_ended_it_or_has_none(answer: HttpResponse, over: bool) -> None:
    assert make().is_hung_up(answer) is over


def test_keys_are_not_pressed_by_request() -> None:
    assert make().press(CALL, "12#") is None


def test_a_redirect_lets_twilio_ask_at_another_url() -> None:
    request = make().redirect(CALL, HOOK)

    assert request is not None
    assert (request.method, request.url) == ("POST", f"{CALLS}/{CALL}.json")
    assert fields(request) == [("Url", HOOK), ("Method", "POST")]


def test_a_call_is_looked_at_without_changing_it() -> None:
    request = make().fetch(CALL)

    assert request is not None
    assert (request.method, request.url) == ("GET", f"{CALLS}/{CALL}.json")
    assert request.body == b""


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("completed", EndReason.HANGUP_USER),
        ("busy", EndReason.BUSY),
        ("no-answer", EndReason.NO_ANSWER),
        ("failed", EndReason.FAILED),
        ("canceled", EndReason.NO_ANSWER),
    ],
)
def test_the_end_of_a_call_can_be_looked_up(status: str, reason: EndReason) -> None:
    assert make().read_end(response(200, {"status": status})) == HungUp(reason=reason)


@pytest.mark.parametrize(
    "answer",
    [
        response(200, {"status": "in-progress"}),
        response(200, {"status": "ringing"}),
        response(200, {"status": ["completed"]}),
        response(200, {}),
        response(503, {"status": "completed"}),
        HttpResponse(status=404),
        HttpResponse(status=200, body=b"\xff"),
    ],
)
def test_a_call_whose_end_is_not_known_has_not_ended(answer: HttpResponse) -> None:
    assert make().read_end(answer) is None


@pytest.mark.parametrize(
    ("answer", "early"),
    [
        (response(400, {"code": 21220}), True),
        (response(400, {"code": 21211}), False),
        (response(400, {"code": "21220"}), False),
        (response(200, {"code": 21220}), False),
        (HttpResponse(status=409), False),
        (HttpResponse(status=400, body=b"[" * 100_000), False),
    ],
)
def test_a_request_is_too_early_when_twilio_says_so(answer: HttpResponse, early: bool) -> None:
    assert make().is_too_early(answer) is early


# --- regions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "region", "host"),
    [
        (DEFAULT_BASE_URL, "us1", "https://api.twilio.com"),
        (DEFAULT_BASE_URL, "ie1", "https://api.ie1.twilio.com"),
        ("http://127.0.0.1:9", "us1", "http://127.0.0.1:9"),
        ("http://127.0.0.1:9", "au1", "http://127.0.0.1:9"),
    ],
)
def test_a_region_has_a_host_of_its_own_unless_one_is_given(
    base_url: str, region: str, host: str
) -> None:
    assert make(base_url, region).place(ORDER).url.startswith(f"{host}/2010-04-01/")


@pytest.mark.parametrize("region", ["us1", "ie1", "au1", "jp1"])
def test_twilios_own_library_would_ask_at_the_same_host(region: str) -> None:
    no_surroundings = {"HOME": "/"}  # an empty mapping would mean those of this process
    library = Client(
        ACCOUNT, KEY, region=None if region == "us1" else region, environment=no_surroundings
    )

    assert choose_base_url(DEFAULT_BASE_URL, region) == library.get_hostname(DEFAULT_BASE_URL)
