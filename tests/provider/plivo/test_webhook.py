from urllib.parse import urlencode

import pytest

from tests.provider.plivo.webhooks import CALL, FETCH, ORDER, OURS, SAMPLES, TURN, URL, parse
from voicecalld.call.events import Answered, EndReason, HungUp, LegEvent, Placed, Rang
from voicecalld.ids import CallId
from voicecalld.provider.base import CarrierReport, Direction, Performed
from voicecalld.provider.http import Webhook
from voicecalld.provider.plivo.webhook import parse_webhook

VOICEMAIL = HungUp(reason=EndReason.VOICEMAIL, by_us=True)

# --- the samples ----------------------------------------------------------------------


def test_a_call_that_rings_us_is_a_new_one_that_asks() -> None:
    assert parse(SAMPLES["answer_inbound"], URL) == (
        CarrierReport(
            provider_call_id=CALL,
            event=Placed(provider_call_id=CALL),
            asks=True,
            direction=Direction.INBOUND,
            from_="+12065550117",
            to="+13105550142",
        ),
    )


def test_a_call_of_ours_that_rings_tells_its_other_name_and_does_not_ask() -> None:
    assert parse(SAMPLES["ring"]) == (
        CarrierReport(
            provider_call_id=CALL,
            event=Rang(),
            placed_as=ORDER,
            call_id=CallId("call-1"),
            direction=Direction.OUTBOUND,
            from_="+13105550142",
            to="+12065550117",
        ),
    )


@pytest.mark.parametrize("sample", ["answer", "redirect"])
def test_a_call_of_ours_that_is_answered_asks(sample: str) -> None:
    (report,) = parse(SAMPLES[sample])

    assert (report.event, report.asks, report.placed_as) == (Answered(), True, ORDER)


@pytest.mark.parametrize(
    ("sample", "event"),
    [
        ("hangup_completed", HungUp(reason=EndReason.HANGUP_USER)),
        ("hangup_busy", HungUp(reason=EndReason.BUSY)),
        ("machine_detection", VOICEMAIL),
    ],
)
def test_the_end_of_a_call_is_told_and_asks_nothing(sample: str, event: LegEvent) -> None:
    for url in (OURS, TURN):
        (report,) = parse(SAMPLES[sample], url)

        assert report.event == event
        assert not report.asks


@pytest.mark.parametrize(
    ("sample", "performed"),
    [
        ("getinput_speech", Performed(turn="turn-1", text="book a table for two")),
        ("getinput_digits", Performed(turn="turn-1", digits="1234")),
        ("redirect", Performed(turn="turn-1")),  # what comes of silence
    ],
)
def test_what_was_heard_belongs_to_the_turn_in_the_url(sample: str, performed: Performed) -> None:
    (report,) = parse(SAMPLES[sample], TURN)

    assert report.performed == performed
    assert report.asks
    assert report.call_id == "call-1"


@pytest.mark.parametrize("name", ["", "GetInput", "Whatever"])
def test_what_was_heard_asks_whatever_it_is_called(name: str) -> None:
    (report,) = parse(FETCH | {"Event": name, "Speech": "yes"}, TURN)

    assert report.performed == Performed(turn="turn-1", text="yes")
    assert report.asks


def test_a_lone_finishing_key_is_what_was_pressed() -> None:
    (report,) = parse(FETCH | {"InputType": "dtmf", "Digits": ""}, TURN)

    assert report.performed == Performed(turn="turn-1", digits="#")


def test_that_a_call_goes_on_is_no_news_behind_a_turn() -> None:
    (report,) = parse(FETCH, TURN)

    assert report.event is None
    assert report.asks


@pytest.mark.parametrize(
    "sample", ["getinput_interim", "stream_start", "stream_dropped", "stream_stop"]
)
def test_news_that_concern_no_call_of_ours_say_nothing(sample: str) -> None:
    assert parse(SAMPLES[sample]) == ()


def test_a_question_that_has_a_name_is_one_whatever_else_is_in_it() -> None:
    (report,) = parse(FETCH | {"StreamID": "x", "RecordUrl": "y"})

    assert report.asks


def test_a_webhook_may_be_a_get_with_all_of_its_fields_in_the_url() -> None:
    url = f"{OURS}&{urlencode(SAMPLES['ring'])}"
    webhook = Webhook(method="GET", url=url, headers={}, body=b"")

    assert parse_webhook(webhook) == parse(SAMPLES["ring"])


# --- statuses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("completed", EndReason.HANGUP_USER),
        ("busy", EndReason.BUSY),
        ("no-answer", EndReason.NO_ANSWER),
        ("timeout", EndReason.NO_ANSWER),
        ("failed", EndReason.FAILED),
        ("cancel", EndReason.NO_ANSWER),
        ("", EndReason.FAILED),
        ("rejected-by-the-moon", EndReason.FAILED),
    ],
)
def test_each_end_has_its_reason_and_an_unknown_one_is_an_end_still(
    status: str, reason: EndReason
) -> None:
    (report,) = parse(FETCH | {"Event": "Hangup", "CallStatus": status})

    assert report.event == HungUp(reason=reason)
    assert not report.asks


def test_a_fetch_for_a_call_that_is_over_asks_nothing() -> None:
    (report,) = parse(FETCH | {"CallStatus": "completed", "Speech": "bye"}, TURN)

    assert report.event == HungUp(reason=EndReason.HANGUP_USER)
    assert report.performed == Performed(turn="turn-1", text="bye")
    assert not report.asks


@pytest.mark.parametrize("status", ["on-hold", "ringing", ""])
def test_a_status_that_says_nothing_of_a_fetch_may_ask(status: str) -> None:
    (report,) = parse(FETCH | {"CallStatus": status})

    assert (report.event, report.asks) == (None, True)


@pytest.mark.parametrize("status", ["ringing", "in-progress", "", "queued"])
def test_a_call_that_comes_in_is_placed_in_whatever_state_it_is(status: str) -> None:
    (report,) = parse(
        FETCH | {"Event": "StartApp", "Direction": "inbound", "CallStatus": status}, URL
    )

    assert report.event == Placed(provider_call_id=CALL)
    assert report.asks


@pytest.mark.parametrize("name", ["Transferred", "Record", "PlayedStream", "startapp", "DTMF"])
def test_an_event_that_we_do_not_know_says_nothing(name: str) -> None:
    assert parse(FETCH | {"Event": name}) == ()


def test_an_event_that_we_do_not_know_of_a_call_that_is_over_tells_that() -> None:
    (report,) = parse(FETCH | {"Event": "Record", "CallStatus": "completed"})

    assert (report.event, report.asks) == (HungUp(reason=EndReason.HANGUP_USER), False)


def test_a_webhook_that_only_names_its_call_asks() -> None:
    (report,) = parse({"CallUUID": CALL})

    assert (report.event, report.performed, report.asks) == (None, None, True)


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("inbound", Direction.INBOUND),
        ("outbound", Direction.OUTBOUND),
        ("Inbound", None),
        ("", None),
    ],
)
def test_the_direction_is_as_we_see_it(word: str, direction: Direction | None) -> None:
    (report,) = parse(FETCH | {"Direction": word})

    assert report.direction is direction


# --- machines -------------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["true", "True"])
def test_a_machine_is_hung_up_on(machine: str) -> None:
    (detected,) = parse(FETCH | {"Event": "MachineDetection", "Machine": machine})
    (fetched,) = parse(FETCH | {"Event": "StartApp", "Machine": machine})

    assert (detected.event, detected.asks) == (VOICEMAIL, False)
    assert (fetched.event, fetched.asks) == (VOICEMAIL, True)


@pytest.mark.parametrize("machine", ["false", "", "perhaps"])
def test_whoever_is_not_known_to_be_a_machine_is_talked_with(machine: str) -> None:
    (fetched,) = parse(FETCH | {"Event": "StartApp", "Machine": machine})

    assert parse(FETCH | {"Event": "MachineDetection", "Machine": machine}) == ()
    assert (fetched.event, fetched.asks) == (Answered(), True)


def test_a_call_ends_as_its_end_says_whoever_had_answered() -> None:
    (ended,) = parse(SAMPLES["hangup_completed"] | {"Machine": "true"})

    assert ended.event == HungUp(reason=EndReason.HANGUP_USER)
