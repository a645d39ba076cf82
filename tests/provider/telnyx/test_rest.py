from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.telnyx.asking import (
    CALL,
    CALL_URL,
    HOOK,
    KEY,
    ORDER,
    UUID,
    fields,
    make,
    refusal,
    response,
)
from tests.provider.telnyx.library import sent_by_library, sent_by_us
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.ids import CallId
from voicecalld.provider.base import Perform
from voicecalld.provider.http import HttpResponse
from voicecalld.provider.quotation import MOST_QUOTED_BYTES
from voicecalld.provider.telnyx.client_state import render_client_state
from voicecalld.provider.telnyx.rest import Account, TelnyxRest, make_command_id

if TYPE_CHECKING:
    from telnyx import Telnyx

# --- placing --------------------------------------------------------------------------


def test_a_call_is_placed_with_its_limits_and_reports_to_us() -> None:
    request = make().place(ORDER)

    assert (request.method, request.url) == ("POST", "https://api.telnyx.com/v2/calls")
    assert request.headers["content-type"] == "application/json"
    assert fields(request) == {
        "connection_id": "1684641123236054244",
        "to": "+12065550117",
        "from": "+13105550142",
        "timeout_secs": 30,
        "time_limit_secs": 330,  # 300 s and 30 s, so that ours is over first
        "command_id": make_command_id("dial", "call-1"),
        "client_state": render_client_state(CallId("call-1")),
        "webhook_url": HOOK,
        "webhook_url_method": "POST",
        "answering_machine_detection": "disabled",
        "send_silence_when_idle": True,
    }


def test_a_call_is_placed_as_telnyx_own_library_places_it() -> None:
    request = make().place(replace(ORDER, detects_machine=True))
    command_id = make_command_id("dial", "call-1")

    def place(library: "Telnyx") -> object:
        return library.calls.dial(
            connection_id="1684641123236054244",
            to="+12065550117",
            from_="+13105550142",
            timeout_secs=30,
            time_limit_secs=330,
            command_id=command_id,
            client_state=render_client_state(CallId("call-1")),
            webhook_url=HOOK,
            webhook_url_method="POST",
            answering_machine_detection="detect",
            send_silence_when_idle=True,
        )

    assert sent_by_us(request) == sent_by_library(place)


def test_the_same_call_is_placed_by_the_same_command_and_another_by_another() -> None:
    same = {fields(make().place(ORDER))["command_id"] for _ in range(2)}
    other = fields(make().place(replace(ORDER, call_id=CallId("call-2"))))["command_id"]

    assert len(same) == 1
    assert other not in same


def test_everything_may_be_sent_again() -> None:
    rest = make()
    requests = (
        rest.place(ORDER),
        rest.hang_up(CALL),
        rest.press(CALL, "1"),
        rest.fetch(CALL),
    )

    assert all(request is not None and request.is_repeatable for request in requests)


def test_every_request_shows_who_we_are() -> None:
    rest = make()

    for request in (rest.place(ORDER), rest.hang_up(CALL), rest.fetch(CALL)):
        assert request is not None
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in repr(request)


def test_the_key_is_not_in_what_is_printed() -> None:
    account = Account(api_key=KEY, connection_id="c", base_url="https://a.test")

    assert repr(account) == "Account(connection_id='c', base_url='https://a.test')"


def test_an_opening_does_not_go_along() -> None:
    assert make().place(replace(ORDER, opening=Perform(say="Hi"))) == make().place(ORDER)


def test_a_machine_is_looked_for_when_it_shall_be() -> None:
    placed = fields(make().place(replace(ORDER, detects_machine=True)))

    assert placed["answering_machine_detection"] == "detect"


@pytest.mark.parametrize(
    ("ring_s", "longest_s", "written"),
    [
        (1e4, 1e6, (600, 14_400)),
        (0.1, 0.0, (5, 30)),
        (5.0, 0.5, (5, 31)),
        (599.5, 14_369.5, (600, 14_400)),
    ],
)
def test_telnyx_own_limits_are_kept(
    ring_s: float, longest_s: float, written: tuple[int, int]
) -> None:
    order = replace(ORDER, ring_timeout_s=ring_s, max_duration_s=longest_s)

    placed = fields(make().place(order))

    assert (placed["timeout_secs"], placed["time_limit_secs"]) == written


def test_another_base_url_has_the_same_paths() -> None:
    rest = make("http://127.0.0.1:9")

    assert rest.place(ORDER).url == "http://127.0.0.1:9/v2/calls"
    assert rest.hang_up(CALL).url == CALL_URL.replace(
        "https://api.telnyx.com", "http://127.0.0.1:9"
    ) + ("/actions/hangup")


@given(parts=st.lists(st.text("ab\n", max_size=3), min_size=1, max_size=3))
def test_a_command_id_has_the_form_of_a_uuid(parts: list[str]) -> None:
    assert UUID.fullmatch(make_command_id(*parts))
    assert make_command_id(*parts) == make_command_id(*parts)


# --- the answer to placing ------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202])
def test_the_id_is_read_from_the_answer(status: int) -> None:
    placed = {"data": {"call_control_id": CALL, "is_alive": False, "record_type": "call"}}

    assert make().read_placed(response(status, placed)) == CALL


def test_a_refusal_is_told_with_its_code_and_its_reason() -> None:
    with pytest.raises(CarrierError, match=r"status 422, code 10016: .*not so") as caught:
        make().read_placed(refusal(422, "10016"))

    assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize(
    "answer",
    [
        refusal(500, "10007"),
        HttpResponse(status=503, body=b"<html>"),
        HttpResponse(status=200),
        response(200, {"data": {"call_control_id": "../x"}}),
        response(200, {"data": {"call_control_id": f"{CALL}\n"}}),
        response(200, {"data": {"call_control_id": 7}}),
        response(200, {"data": {"call_control_id": None}}),
        response(200, {"data": [CALL]}),
        response(200, [CALL]),
        HttpResponse(status=200, body=b"[" * 100_000),
    ],
)
def test_an_answer_that_leaves_it_open_whether_there_is_a_call_says_so(
    answer: HttpResponse,
) -> None:
    with pytest.raises(OutcomeUnknownError, match=f"status {answer.status}"):
        make().read_placed(answer)


def test_an_id_does_not_make_a_refusal_a_call() -> None:
    with pytest.raises(CarrierError, match="status 409"):
        make().read_placed(response(409, {"data": {"call_control_id": CALL}}))


def test_our_key_is_not_quoted_back() -> None:
    padding = "x" * (MOST_QUOTED_BYTES - 20)
    body = f"Bearer {KEY} {padding}{KEY}".encode()

    words = make().explain(HttpResponse(status=401, body=body))

    assert words.startswith("status 401, 'Bearer *** xxx")
    assert KEY not in words
    assert "KEY0" not in words


def test_without_a_key_nothing_is_masked() -> None:
    rest = TelnyxRest(Account(api_key="", connection_id="", base_url="https://a.test"))

    assert rest.explain(HttpResponse(status=401, body=b"no")) == "status 401, 'no'"
