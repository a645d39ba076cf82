import json
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.call.events import Answered, EndReason, HungUp, LegEvent, Placed, Rang
from voicecalld.errors import BadMessageError
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import CarrierReport, Direction, Performed
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio.webhook import parse_webhook
from voicecalld.provider.withheld import WITHHELD

SAMPLES = json.loads((Path(__file__).parent / "vectors" / "messages.json").read_text())["webhooks"]
CALL = ProviderCallId("CA5f0c1e7d9b3a48cf9e2d1a0b7c6e5f43")
URL = "https://voice.example.com/voice/webhook"
OURS = f"{URL}?callId=call-1&node=main"
TURN = f"{URL}?callId=call-1&turn=turn-1&node=main"
FORM = "application/x-www-form-urlencoded"
VOICEMAIL = HungUp(reason=EndReason.VOICEMAIL, by_us=True)
STATUS = {"CallSid": CALL, "CallbackSource": "call-progress-events", "SequenceNumber": "1"}
FETCH = {"CallSid": CALL, "CallStatus": "in-progress", "Direction": "outbound-api"}


def parse(fields: dict[str, str] | str | bytes, url: str = OURS) -> tuple[CarrierReport, ...]:
    match fields:
        case bytes():
            body = fields
        case str():
            body = fields.encode()
        case _:
            body = urlencode(fields).encode()
    headers = {"content-type": f"{FORM}; charset=UTF-8"}
    return parse_webhook(Webhook(method="POST", url=url, headers=headers, body=body))


# --- the samples ----------------------------------------------------------------------


def test_a_call_that_rings_us_is_a_new_one_that_asks() -> None:
    assert parse(SAMPLES["voice_inbound"], URL) == (
        CarrierReport(
            provider_call_id=CALL,
            event=Placed(provider_call_id=CALL),
            asks=True,
            direction=Direction.INBOUND,
            from_="+12065550117",
            to="+13105550142",
        ),
    )


def test_a_status_of_a_call_of_ours_tells_and_does_not_ask() -> None:
    assert parse(SAMPLES["status_initiated"]) == (
        CarrierReport(
            provider_call_id=CALL,
            event=Placed(provider_call_id=CALL),
            call_id=CallId("call-1"),
            direction=Direction.OUTBOUND,
            from_="+13105550142",
            to="+12065550117",
        ),
    )


@pytest.mark.parametrize(
    ("sample", "event"),
    [
        ("status_completed", HungUp(reason=EndReason.HANGUP_USER)),
        ("status_failed", HungUp(reason=EndReason.FAILED)),
        ("amd_async", VOICEMAIL),
    ],
)
def test_the_end_of_a_call_is_told_and_asks_nothing(sample: str, event: LegEvent) -> None:
    (report,) = parse(SAMPLES[sample])

    assert report.event == event
    assert not report.asks


@pytest.mark.parametrize(
    ("sample", "performed"),
    [
        ("gather_speech", Performed(turn="turn-1", text="book a table for two")),
        ("gather_digits", Performed(turn="turn-1", digits="1234")),
        ("gather_empty_with_actionOnEmptyResult", Performed(turn="turn-1")),
    ],
)
def test_what_was_heard_belongs_to_the_turn_in_the_url(sample: str, performed: Performed) -> None:
    (report,) = parse(SAMPLES[sample], TURN)

    assert report.performed == performed
    assert report.asks
    assert report.call_id == "call-1"


def test_a_lone_finishing_key_is_what_was_pressed() -> None:
    (report,) = parse(FETCH | {"Digits": "", "FinishedOnKey": "#"}, TURN)

    assert report.performed == Performed(turn="turn-1", digits="#")


def test_that_a_call_goes_on_is_no_news_behind_a_turn() -> None:
    (report,) = parse(FETCH | {"CallStatus": "in-progress"}, TURN)

    assert report.event is None
    assert report.asks


@pytest.mark.parametrize(
    "sample",
    ["gather_partial", "recording_completed", "stream_started", "stream_error", "stream_stopped"],
)
def test_news_that_concern_no_call_of_ours_say_nothing(sample: str) -> None:
    assert parse(SAMPLES[sample]) == ()


# --- statuses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("queued", Placed(provider_call_id=CALL)),
        ("initiated", Placed(provider_call_id=CALL)),
        ("ringing", Rang()),
        ("in-progress", Answered()),
        ("completed", HungUp(reason=EndReason.HANGUP_USER)),
        ("busy", HungUp(reason=EndReason.BUSY)),
        ("no-answer", HungUp(reason=EndReason.NO_ANSWER)),
        ("failed", HungUp(reason=EndReason.FAILED)),
        ("canceled", HungUp(reason=EndReason.NO_ANSWER)),
    ],
)
def test_each_status_is_a_fact_about_the_leg(status: str, event: LegEvent) -> None:
    (report,) = parse(STATUS | {"CallStatus": status})

    assert report.event == event
    assert not report.asks


def test_a_status_that_we_do_not_know_says_nothing_but_may_ask() -> None:
    assert parse(STATUS | {"CallStatus": "on-hold"}) == ()

    (report,) = parse(FETCH | {"CallStatus": "on-hold"})
    assert report.event is None
    assert report.asks


@pytest.mark.parametrize("sign", ["CallbackSource", "SequenceNumber"])
def test_one_sign_of_a_status_callback_is_enough(sign: str) -> None:
    (report,) = parse({"CallSid": CALL, "CallStatus": "ringing", "Direction": "inbound", sign: ""})

    assert report.event == Rang()
    assert not report.asks


def test_a_fetch_for_a_call_that_is_over_asks_nothing() -> None:
    (report,) = parse(FETCH | {"CallStatus": "completed", "SpeechResult": "bye"}, TURN)

    assert report.event == HungUp(reason=EndReason.HANGUP_USER)
    assert report.performed == Performed(turn="turn-1", text="bye")
    assert not report.asks


def test_a_webhook_that_only_names_its_call_asks() -> None:
    (report,) = parse({"CallSid": CALL})

    assert (report.event, report.performed, report.asks) == (None, None, True)


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("inbound", Direction.INBOUND),
        ("outbound-api", Direction.OUTBOUND),
        ("outbound-dial", Direction.OUTBOUND),
        ("trunking-terminating", None),
        ("", None),
    ],
)
def test_the_direction_is_as_we_see_it(word: str, direction: Direction | None) -> None:
    (report,) = parse(FETCH | {"Direction": word})

    assert report.direction is direction


# --- machines -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who", ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"]
)
def test_a_machine_is_hung_up_on(who: str) -> None:
    (detected,) = parse({"CallSid": CALL, "AnsweredBy": who})
    (fetched,) = parse(FETCH | {"AnsweredBy": who})

    assert (detected.event, detected.asks) == (VOICEMAIL, False)
    assert (fetched.event, fetched.asks) == (VOICEMAIL, True)


@pytest.mark.parametrize("who", ["human", "unknown", "", "machine_of_the_future"])
def test_whoever_is_not_known_to_be_a_machine_is_talked_with(who: str) -> None:
    (fetched,) = parse(FETCH | {"AnsweredBy": who})

    assert parse({"CallSid": CALL, "AnsweredBy": who}) == ()
    assert (fetched.event, fetched.asks) == (Answered(), True)


def test_a_status_callback_ends_a_call_as_it_says_whoever_had_answered() -> None:
    (ended,) = parse(STATUS | {"CallStatus": "completed", "AnsweredBy": "machine_start"})
    (answered,) = parse(STATUS | {"CallStatus": "in-progress", "AnsweredBy": "machine_start"})

    assert ended.event == HungUp(reason=EndReason.HANGUP_USER)
    assert answered.event == Answered()


# --- parties --------------------------------------------------------------------------


@pytest.mark.parametrize("caller", [*sorted(WITHHELD), "Anonymous", "RESTRICTED", ""])
def test_a_withheld_number_is_none(caller: str) -> None:
    (report,) = parse(FETCH | {"From": caller})

    assert report.from_ == ""


@pytest.mark.parametrize("caller", ["client:alice", "sip:100@pbx.example.test", "+12065550117"])
def test_every_other_caller_is_named_as_twilio_does(caller: str) -> None:
    (report,) = parse(FETCH | {"From": caller, "To": caller})

    assert (report.from_, report.to) == (caller, caller)


# --- malformed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "",
        "CA",
        CALL.upper(),
        CALL[:-1],
        f"{CALL}0",
        f"{CALL}\n",
        f" {CALL}",
        "MZ" + CALL[2:],
        CALL[:-1] + "\u0663",
        "../" + CALL,
    ],
)
def test_a_malformed_call_sid_is_a_bad_message(call: str) -> None:
    with pytest.raises(BadMessageError, match="CallSid"):
        parse(FETCH | {"CallSid": call})


def test_a_webhook_about_no_call_is_a_bad_message() -> None:
    for fields in ("", "A=1", "MessageSid=SM1"):
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
    ["CallSid", "CallStatus", "Direction", "From", "To", "AnsweredBy", "Digits", "SpeechResult"],
)
def test_a_doubled_field_is_a_bad_message(name: str) -> None:
    fields = FETCH | {"CallStatus": "on-hold", name: FETCH.get(name, "1")}
    doubled = f"{urlencode(fields)}&{urlencode({name: 'other'})}"

    with pytest.raises(BadMessageError):
        parse(doubled, TURN)


def test_unknown_fields_say_nothing_however_often_they_come() -> None:
    assert parse(f"{urlencode(FETCH)}&New=1&New=2&callId=x") == parse(FETCH)


@pytest.mark.parametrize("digits", ["12w", "hangup", "\u0663", "1 2"])
def test_keys_that_no_telephone_has_are_a_bad_message(digits: str) -> None:
    with pytest.raises(BadMessageError, match="keys"):
        parse(FETCH | {"Digits": digits}, TURN)


def webhook_of(kind: str, body: bytes) -> Webhook:
    return Webhook(method="POST", url=OURS, headers={"content-type": kind}, body=body)


def test_events_of_other_products_say_nothing() -> None:
    assert parse_webhook(webhook_of("application/json", b"{}")) == ()


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data; boundary=x"])
def test_a_body_of_another_type_is_a_bad_message(kind: str) -> None:
    with pytest.raises(BadMessageError):
        parse_webhook(webhook_of(kind, urlencode(FETCH).encode()))


WORDS = st.sampled_from(
    ["inbound", "ringing", "in-progress", "completed", "fax", "human", "+1", "", "1"]
)
NAMES = st.sampled_from(
    ["CallStatus", "Direction", "AnsweredBy", "From", "To", "Digits", "SequenceNumber", "New"]
)


@given(fields=st.dictionaries(NAMES, WORDS | st.text(max_size=5)))
def test_any_fields_are_read_or_refused_as_a_bad_message(fields: dict[str, str]) -> None:
    with suppress(BadMessageError):
        for report in parse({"CallSid": CALL, **fields}, TURN):
            assert report.provider_call_id == CALL
            assert report.call_id == "call-1"


@given(body=st.binary(), query=st.text(max_size=10))
def test_rubbish_is_a_bad_message(body: bytes, query: str) -> None:
    with pytest.raises(BadMessageError):
        parse(body, f"{URL}?{query}")
