import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from tests.provider.telnyx.telling import CALL, CONNECTION, parse, tell, tell_one, tell_words
from voicecalld.call.events import Answered, EndReason, HungUp, LegEvent, Placed
from voicecalld.ids import CallId
from voicecalld.provider.base import (
    CarrierReport,
    Direction,
    KeyHeard,
    Progress,
    SpeechEnded,
    StreamLost,
    WordsHeard,
)
from voicecalld.provider.telnyx.client_state import render_client_state
from voicecalld.provider.telnyx.webhook import END_REASONS, EVENTS

SAMPLES = json.loads((Path(__file__).parent / "vectors" / "messages.json").read_text())["webhooks"]
VOICEMAIL = HungUp(reason=EndReason.VOICEMAIL, by_us=True)


# --- the samples ----------------------------------------------------------------------


def test_a_call_that_comes_in_is_a_new_one_that_asks() -> None:
    (report,) = parse(json.dumps(SAMPLES["call.initiated"]).encode())

    assert report == CarrierReport(
        provider_call_id=CALL,
        event=Placed(provider_call_id=CALL),
        asks=True,
        direction=Direction.INBOUND,
        from_="+12065550117",
        to="+13105550142",
    )


@pytest.mark.parametrize(
    ("sample", "event", "progress"),
    [
        ("call.answered", Answered(), None),
        ("call.hangup", HungUp(reason=EndReason.HANGUP_USER), None),
        ("call.machine.detection.ended", VOICEMAIL, None),
        ("call.machine.greeting.ended", VOICEMAIL, None),
        ("call.dtmf.received", None, KeyHeard(digit="1")),
        ("streaming.failed", None, StreamLost()),
        ("streaming.stopped", None, StreamLost()),
    ],
)
def test_a_sample_says_what_happened(
    sample: str, event: LegEvent | None, progress: Progress | None
) -> None:
    (report,) = parse(json.dumps(SAMPLES[sample]).encode())

    assert report.provider_call_id == CALL
    assert (report.event, report.progress) == (event, progress)


@pytest.mark.parametrize(
    "sample",
    [
        "call.bridged",
        "call.machine.premium.detection.ended",  # it was a person
        "call.machine.premium.greeting.ended",
        "call.gather.ended",
        "call.speak.started",
        "call.speak.ended",  # of a turn of somebody else's
        "call.playback.started",
        "call.playback.ended",
        "call.recording.saved",
        "streaming.started",
    ],
)
def test_the_other_samples_say_nothing(sample: str) -> None:
    assert parse(json.dumps(SAMPLES[sample]).encode()) == ()


# --- the leg --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "ours", "asks"),
    [
        ("incoming", Direction.INBOUND, True),
        ("outgoing", Direction.OUTBOUND, False),
        ("sideways", None, False),
        ("", None, False),
        (None, None, False),
    ],
)
def test_only_a_call_that_comes_in_asks_before_it_is_answered(
    direction: object, ours: Direction | None, asks: bool
) -> None:
    report = tell_one("call.initiated", direction=direction)

    assert report.event == Placed(provider_call_id=CALL)
    assert (report.direction, report.asks) == (ours, asks)


def test_an_answered_call_asks_and_nothing_else_does() -> None:
    others = EVENTS - {"initiated", "answered"}
    heard = {"digit": "1", "transcription_data": {"transcript": "hi"}, "result": "machine"}

    reports = [tell_one(name, **heard) for name in sorted(others)]

    assert tell_one("call.answered").asks
    assert not any(report.asks for report in reports)


@pytest.mark.parametrize("state", [None, "", "Zm9yZWlnbg=="])
def test_an_answered_call_that_another_program_has_placed_asks_nothing(state: object) -> None:
    report = tell_one("call.answered", client_state=state, direction="outgoing")

    assert (report.event, report.asks, report.call_id) == (Answered(), False, None)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_another_application_of_the_account_says_nothing_to_us(name: str) -> None:
    fields = {"digit": "1", "transcription_data": {"transcript": "hi"}, "result": "machine"}

    assert tell(name, **fields, connection_id="1684641123236054245") == ()
    for ours in (CONNECTION, "", None):
        assert tell(name, **fields, connection_id=ours) != ()


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_events_have_their_names_with_the_prefix_and_without(name: str) -> None:
    fields = {"digit": "1", "transcription_data": {"transcript": "hi"}, "result": "machine"}

    assert tell(name, **fields) == tell(f"call.{name}", **fields) != ()


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("normal_clearing", EndReason.HANGUP_USER),
        ("originator_cancel", EndReason.NO_ANSWER),
        ("timeout", EndReason.NO_ANSWER),
        ("no_answer", EndReason.NO_ANSWER),
        ("time_limit", EndReason.TIMEOUT),
        ("user_busy", EndReason.BUSY),
        ("call_rejected", EndReason.FAILED),
        ("not_found", EndReason.FAILED),
        ("unspecified", EndReason.FAILED),
        ("abducted", EndReason.FAILED),
        ("", EndReason.FAILED),
        (None, EndReason.FAILED),
    ],
)
def test_each_cause_of_a_hangup_is_a_reason(cause: object, reason: EndReason) -> None:
    assert tell_one("call.hangup", hangup_cause=cause).event == HungUp(reason=reason)


def test_every_cause_that_telnyx_own_library_knows_has_a_reason() -> None:
    from telnyx.types import call_hangup

    optional = call_hangup.Payload.model_fields["hangup_cause"].annotation
    causes, _none = get_args(optional)

    assert END_REASONS.keys() == set(get_args(causes))


@pytest.mark.parametrize("kind", ["machine.detection.ended", "machine.premium.detection.ended"])
@pytest.mark.parametrize(
    ("result", "is_machine"),
    [
        ("machine", True),
        ("fax_detected", True),
        ("human", False),
        ("human_residence", False),
        ("human_business", False),
        ("not_sure", False),
        ("silence", False),
        ("", False),
        (None, False),
        ("machine_of_the_future", False),
    ],
)
def test_a_machine_is_hung_up_on_and_everybody_else_is_talked_with(
    kind: str, result: object, is_machine: bool
) -> None:
    reports = tell(f"call.{kind}", result=result)

    assert [report.event for report in reports] == ([VOICEMAIL] if is_machine else [])


@pytest.mark.parametrize("kind", ["machine.greeting.ended", "machine.premium.greeting.ended"])
@pytest.mark.parametrize(
    ("result", "is_machine"), [("beep_detected", True), ("no_beep_detected", False)]
)
def test_a_beep_is_a_machine(kind: str, result: str, is_machine: bool) -> None:
    assert bool(tell(f"call.{kind}", result=result)) is is_machine


# --- what came of commands ------------------------------------------------------------


@pytest.mark.parametrize("status", ["completed", "call_hangup", "cancelled_amd", None, 7])
def test_speech_that_is_over_is_that_of_its_turn_however_it_ended(status: object) -> None:
    report = tell_one("call.speak.ended", status=status)

    assert report.progress == SpeechEnded(turn="turn-1", was_cut=status == "call_hangup")
    assert (report.event, report.call_id) == (None, "call-1")


def test_speech_may_belong_to_no_turn_but_not_to_a_foreign_call() -> None:
    ours = render_client_state(CallId("call-1"))

    assert tell_one("call.speak.ended", client_state=ours).progress == SpeechEnded(turn="")
    assert tell("call.speak.ended", client_state=None) == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"transcript": "hi", "is_final": True}, WordsHeard(text="hi", is_final=True)),
        ({"transcript": "hi", "is_final": False}, WordsHeard(text="hi", is_final=False)),
        ({"transcript": "hi"}, WordsHeard(text="hi", is_final=True)),
        ({"transcript": "hi", "is_final": None}, WordsHeard(text="hi", is_final=True)),
        ({"transcript": None}, WordsHeard(text="", is_final=True)),
        (
            {"transcript": "é😀", "confidence": 0.9, "transcription_track": "inbound"},
            WordsHeard(text="é😀", is_final=True),
        ),
    ],
)
def test_words_are_told_as_they_were_made_out(data: object, words: WordsHeard) -> None:
    told = tell_one("call.transcription", transcription_data=data)

    assert told.progress == replace(words, turn="turn-1")


def test_our_own_words_are_not_heard() -> None:
    data = {"transcript": "hi", "transcription_track": "outbound"}

    assert tell("call.transcription", transcription_data=data) == ()


@pytest.mark.parametrize("digit", [*"0123456789*#ABCD"])
def test_every_key_is_heard(digit: str) -> None:
    assert tell_one("call.dtmf.received", digit=digit).progress == KeyHeard(digit=digit)


# --- whose call -----------------------------------------------------------------------


def test_the_call_is_named_by_the_signed_body_alone() -> None:
    assert tell_one("call.answered").call_id == "call-1"
    for foreign in (None, "", 7, "eyJjYWxsIjo0Mn0=", "not base64", ["x"]):
        assert tell_one("call.answered", client_state=foreign).call_id is None


@pytest.mark.parametrize(
    "caller", ["anonymous", "Anonymous", "+anonymous", "Restricted", "+266696687", "", None]
)
def test_a_withheld_number_is_none(caller: object) -> None:
    assert tell_one("call.initiated", **{"from": caller}).from_ == ""


@pytest.mark.parametrize("caller", ["sip:100@pbx.example.test", "+12065550117", "2065550117"])
def test_every_other_caller_is_named_as_telnyx_does(caller: str) -> None:
    report = tell_one("call.initiated", **{"from": caller, "to": caller})

    assert (report.from_, report.to) == (caller, caller)


@pytest.mark.parametrize(
    ("occurred_at", "unix_s"),
    [
        ("1970-01-02T00:00:01.500000Z", 86_401.5),
        ("1970-01-02T02:00:01.5+02:00", 86_401.5),
        ("1970-01-02T00:00:01Z", 86_401.0),
        ("1970-01-02T00:00:01", 0.0),  # where?
        ("1969-01-02T00:00:01Z", 0.0),
        ("0001-01-01T00:00:00+23:59", 0.0),
        ("yesterday", 0.0),
        ("\ud800", 0.0),
        ("", 0.0),
        (None, 0.0),
        (1, 0.0),
    ],
)
def test_words_have_the_time_at_which_they_were_made_out_if_that_is_told(
    occurred_at: object, unix_s: float
) -> None:
    assert tell_words(occurred_at).unix_s == pytest.approx(unix_s)
