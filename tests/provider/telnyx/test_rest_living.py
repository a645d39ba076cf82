"""Calls of Telnyx that live: hung up, looked at, given keys."""

import pytest

from tests.provider.telnyx.asking import (
    CALL,
    CALL_URL,
    GONE,
    HOOK,
    UUID,
    fields,
    make,
    refusal,
    response,
)
from tests.provider.telnyx.library import sent_by_library, sent_by_us
from voicecalld.call.events import EndReason, HungUp
from voicecalld.ids import ProviderCallId
from voicecalld.provider.http import HttpResponse


def test_hanging_up_is_a_command_without_an_id() -> None:
    request = make().hang_up(CALL)

    assert (request.method, request.url) == ("POST", f"{CALL_URL}/actions/hangup")
    assert fields(request) == {}


def test_a_call_is_hung_up_and_looked_at_as_by_telnyx_own_library() -> None:
    path_of_library = sent_by_library(lambda library: library.calls.actions.hangup(CALL))[1]
    fetched_by_library = sent_by_library(lambda library: library.calls.retrieve_status(CALL))
    fetch = make().fetch(CALL)

    assert fetch is not None
    assert make().hang_up(CALL).url.replace("%3A", ":") == path_of_library.replace("%3A", ":")
    assert sent_by_us(fetch)[0] == fetched_by_library[0] == "GET"
    assert fetch.url.replace("%3A", ":") == fetched_by_library[1].replace("%3A", ":")
    assert fetch.body == b""


def test_an_id_is_quoted_in_the_path() -> None:
    assert (
        make()
        .hang_up(ProviderCallId("v2:a+b/c=="))
        .url.endswith("/v2/calls/v2%3Aa%2Bb%2Fc%3D%3D/actions/hangup")
    )


@pytest.mark.parametrize(("answer", "over"), GONE)
def test_a_call_is_over_when_telnyx_says_so_or_knows_of_none(
    answer: HttpResponse, over: bool
) -> None:
    assert make().is_hung_up(answer) is over


def test_a_call_is_over_when_telnyx_has_ended_it() -> None:
    assert make().is_hung_up(response(200, {"data": {"result": "ok"}}))


def test_keys_are_pressed_by_a_command() -> None:
    request = make().press(CALL, "12w#")

    assert request is not None
    command_id = fields(request)["command_id"]
    assert isinstance(command_id, str)
    assert UUID.fullmatch(command_id)
    method, url, body = sent_by_library(
        lambda library: library.calls.actions.send_dtmf(CALL, digits="12w#", command_id=command_id)
    )
    assert (method, url.replace("%3A", ":"), body) == (
        request.method,
        request.url.replace("%3A", ":"),
        fields(request),
    )


def test_the_same_keys_pressed_twice_are_two_commands() -> None:
    rest = make()

    first, second = rest.press(CALL, "1"), rest.press(CALL, "1")

    assert fields(first)["command_id"] != fields(second)["command_id"]


def test_telnyx_asks_at_no_url_and_has_no_orders() -> None:
    assert make().redirect(CALL, HOOK) is None
    assert make().cancel(CALL) is None


@pytest.mark.parametrize(
    ("answer", "is_over"),
    [
        (response(200, {"data": {"is_alive": False, "end_time": "2026-01-01T00:00:45Z"}}), True),
        (refusal(422, "90018"), True),
        (response(200, {"data": {"is_alive": True, "start_time": "2026-01-01T00:00:00Z"}}), False),
        (response(200, {"data": {"is_alive": False}}), False),  # not begun
        (response(200, {"data": {"is_alive": False, "end_time": None}}), False),
        (response(200, {"data": {"is_alive": False, "end_time": ""}}), False),
        (response(200, {"data": {"is_alive": None, "end_time": "2026"}}), False),
        (response(503, {"data": {"is_alive": False, "end_time": "2026"}}), False),
        (response(200, {"data": None}), False),
        (response(200, []), False),
        (HttpResponse(status=404), True),  # it is not even known any more
        (response(404, {"errors": [{"code": "10005"}]}), True),
        (HttpResponse(status=200, body=b"\xff"), False),
    ],
)
def test_a_call_has_ended_when_telnyx_tells_its_end(answer: HttpResponse, is_over: bool) -> None:
    end = HungUp(reason=EndReason.HANGUP_USER) if is_over else None

    assert make().read_end(answer) == end


@pytest.mark.parametrize(
    ("answer", "early"),
    [
        (refusal(422, "90034"), True),
        (refusal(422, "10015", "90034"), True),
        (refusal(422, "90018"), False),
        (refusal(200, "90034"), False),
        (HttpResponse(status=409), False),
        (HttpResponse(status=422, body=b"[" * 100_000), False),
    ],
)
def test_a_request_is_too_early_when_telnyx_says_so(answer: HttpResponse, early: bool) -> None:
    assert make().is_too_early(answer) is early
