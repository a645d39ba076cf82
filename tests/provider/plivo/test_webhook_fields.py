"""The fields of Plivo's webhooks one by one: names, numbers, and what is malformed."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.plivo.webhooks import CALL, FETCH, FORM, ORDER, OURS, TURN, URL, parse
from voicecalld.errors import BadMessageError
from voicecalld.provider.http import Webhook
from voicecalld.provider.plivo.webhook import parse_webhook
from voicecalld.provider.withheld import WITHHELD

# --- names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "placed_as"),
    [
        ({"RequestUUID": ORDER, "ALegRequestUUID": ORDER}, ORDER),
        ({"RequestUUID": ORDER}, ORDER),
        ({"ALegRequestUUID": ORDER}, ORDER),
        ({"RequestUUID": "", "ALegRequestUUID": ORDER}, ORDER),
        ({"RequestUUID": CALL}, None),
        ({"RequestUUID": ""}, None),
        ({}, None),
    ],
)
def test_a_call_that_has_another_name_than_its_order_tells_both(
    names: dict[str, str], placed_as: str | None
) -> None:
    (report,) = parse(FETCH | names)

    assert report.provider_call_id == CALL
    assert report.placed_as == placed_as


@pytest.mark.parametrize("number", ["12065550117", "442079460123", "999"])
def test_a_number_gets_the_plus_that_plivo_leaves_out(number: str) -> None:
    (report,) = parse(FETCH | {"From": number, "To": number})

    assert (report.from_, report.to) == (f"+{number}", f"+{number}")


@pytest.mark.parametrize(
    "party",
    [
        "+12065550117",
        "anonymous",
        "Restricted",
        "unavailable",
        "",
        "0123",
        "1",
        "1234567890123456",
        "\u0661\u0662\u0663",
        "sip:100@pbx.example.test",
        *(number.removeprefix("+") for number in sorted(WITHHELD)),
    ],
)
def test_whatever_is_no_bare_number_stays_as_it_is(party: str) -> None:
    (report,) = parse(FETCH | {"From": party, "To": party})

    assert (report.from_, report.to) == (party, party)


# --- malformed ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["CallUUID", "RequestUUID", "ALegRequestUUID"])
@pytest.mark.parametrize(
    "value",
    [
        "null",
        "7",
        CALL[:-1],
        f"{CALL}0",
        f"{CALL}\n",
        f" {CALL}",
        CALL.replace("-", ""),
        CALL[:-1] + "g",
        CALL[:-1] + "\u0663",
        "../" + CALL,
    ],
)
def test_a_malformed_id_is_a_bad_message(name: str, value: str) -> None:
    with pytest.raises(BadMessageError, match=name):
        parse(FETCH | {name: value})


def test_a_webhook_about_no_call_is_a_bad_message() -> None:
    for fields in ("", "A=1", "CallUUID=", "MessageUUID=1"):
        with pytest.raises(BadMessageError):
            parse(fields)


@pytest.mark.parametrize(
    "url",
    [
        f"{OURS}&callId=call-1",
        f"{OURS}&callId=call-2",
        f"{TURN}&turn=turn-2",
        f"{URL}?callId=",
        f"{URL}?turn=",
        f"{URL}?callId",
        f"{URL}?callId=%ff",
    ],
)
def test_a_url_that_we_never_wrote_is_a_bad_message(url: str) -> None:
    with pytest.raises(BadMessageError):
        parse(FETCH, url)


@pytest.mark.parametrize(
    "name",
    [
        "CallUUID",
        "RequestUUID",
        "Event",
        "CallStatus",
        "Direction",
        "From",
        "To",
        "Machine",
        "Digits",
        "Speech",
        "InputType",
    ],
)
def test_a_doubled_field_is_a_bad_message(name: str) -> None:
    fields = {name: ""} | FETCH
    doubled = f"{urlencode(fields)}&{urlencode({name: 'other'})}"

    with pytest.raises(BadMessageError):
        parse(doubled, TURN)


def test_unknown_fields_say_nothing_however_often_they_come() -> None:
    assert parse(f"{urlencode(FETCH)}&New=1&New=2&callId=x") == parse(FETCH)


@pytest.mark.parametrize("digits", ["12w", "hangup", "\u0663", "1 2", "null"])
def test_keys_that_no_telephone_has_are_a_bad_message(digits: str) -> None:
    with pytest.raises(BadMessageError, match="keys"):
        parse(FETCH | {"Digits": digits}, TURN)


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/json", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_type_is_a_bad_message(kind: str) -> None:
    headers = {"content-type": kind}
    body = urlencode(FETCH).encode()

    with pytest.raises(BadMessageError):
        parse_webhook(Webhook(method="POST", url=OURS, headers=headers, body=body))


WORDS = st.sampled_from(
    ["inbound", "ringing", "in-progress", "completed", "true", "Redirect", "StartApp", "Hangup"]
)
NAMES = st.sampled_from(
    ["Event", "CallStatus", "Direction", "Machine", "From", "To", "Digits", "StreamID", "New"]
)


@given(fields=st.dictionaries(NAMES, WORDS | st.text(max_size=5)))
def test_any_fields_are_read_or_refused_as_a_bad_message(fields: dict[str, str]) -> None:
    with suppress(BadMessageError):
        for report in parse({"CallUUID": CALL, **fields}, TURN):
            assert report.provider_call_id == CALL
            assert report.call_id == "call-1"


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    url=st.text(),
    kind=st.sampled_from(["", FORM]),
    body=st.binary(),
)
def test_rubbish_is_a_bad_message(method: str, url: str, kind: str, body: bytes) -> None:
    webhook = Webhook(method=method, url=url, headers={"content-type": kind}, body=body)

    with pytest.raises(BadMessageError):
        parse_webhook(webhook)
