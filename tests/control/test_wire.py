import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.control_parties import FINISHED, LIVING, NOON_UNIX_S, FakeEvent
from voicecalld.call.record import CallLatency, CallState, Speaker, TurnLatency, Utterance
from voicecalld.control.wire import (
    percentile,
    render_call,
    render_event,
    render_recent,
    render_stages,
    render_time,
    render_turn,
    render_utterance,
)
from voicecalld.ids import CallId


@pytest.mark.parametrize(
    ("unix_s", "text"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (1_800_000_000.25, "2027-01-15T08:00:00.250Z")],
)
def test_times_are_utc_to_the_millisecond(unix_s: float, text: str) -> None:
    assert render_time(unix_s) == text


def test_a_living_call_has_no_end_and_says_nothing_of_what_is_not_known() -> None:
    ringing = dataclasses.replace(
        LIVING, state=CallState.RINGING, provider_call_id=None, answered_unix_s=None
    )

    assert render_call(ringing) == {
        "callId": "call-1",
        "provider": "mock",
        "direction": "outbound",
        "mode": "conversation",
        "state": "ringing",
        "from": "+15550000000",
        "to": "+15550100",
        "startedAt": "2027-01-15T08:00:00.000Z",
    }


def test_a_call_that_is_over_says_when_and_why() -> None:
    call = render_call(FINISHED)

    assert call["providerCallId"] == "mock-0"
    assert call["answeredAt"] == "2027-01-15T08:00:01.500Z"
    assert call["endedAt"] == "2027-01-15T08:01:06.500Z"
    assert call["endReason"] == call["state"] == "hangup-user"


def test_a_call_that_is_over_says_what_its_reason_leaves_open() -> None:
    refused = dataclasses.replace(FINISHED, end_cause="inbound_policy is disabled")

    assert "endCause" not in render_call(FINISHED)
    assert render_call(refused)["endCause"] == "inbound_policy is disabled"


def test_a_calls_latency_counts_only_turns_whose_answer_was_heard() -> None:
    turns = [
        TurnLatency(turn=number, unix_s=0.0, first_frame_s=felt_s)
        for number, felt_s in enumerate([0.5, None, 0.7, 0.6])
    ]

    call = render_call(LIVING, turns)

    assert call["latency"] == {"turns": 3, "lastMs": 600.0, "p50Ms": 600.0, "p95Ms": 700.0}


def test_an_utterance_says_so_only_if_it_was_interrupted() -> None:
    said = Utterance(speaker=Speaker.USER, text="Hi", unix_s=NOON_UNIX_S)
    cut = dataclasses.replace(said, interrupted=True)

    assert render_utterance(said) == {
        "speaker": "user",
        "text": "Hi",
        "at": "2027-01-15T08:00:00.000Z",
    }
    assert render_utterance(cut)["interrupted"] is True


def test_a_turn_has_only_the_stages_that_happened_in_tenths_of_milliseconds() -> None:
    turn = TurnLatency(turn=3, unix_s=NOON_UNIX_S, endpoint_s=0.70004, first_mark_s=0.0)

    assert render_turn(turn) == {
        "turn": 3,
        "at": "2027-01-15T08:00:00.000Z",
        "endpointMs": 700.0,
        "firstMarkMs": 0.0,
    }


def test_stages_are_summed_up_over_the_turns_that_had_them() -> None:
    turns = [TurnLatency(turn=n, unix_s=0.0, endpoint_s=n / 1000) for n in range(1, 101)]

    stages = render_stages([*turns, TurnLatency(turn=101, unix_s=0.0)])

    assert stages == {"endpointMs": {"count": 100, "p50": 50.0, "p95": 95.0, "p99": 99.0}}


def test_answers_of_several_calls_are_summed_up_for_every_carrier() -> None:
    recent = [
        CallLatency(
            call_id=CallId(call_id),
            provider=provider,
            latency=TurnLatency(turn=turn, unix_s=NOON_UNIX_S, first_frame_s=felt_s),
        )
        for call_id, provider, turn, felt_s in (
            ("a", "twilio", 2, 0.5),
            ("b", "plivo", 2, 0.9),
            ("a", "twilio", 3, 0.7),
            ("c", "plivo", 2, None),
        )
    ]

    rendered = render_recent(recent)

    sums = {"count": 2, "p50": 500.0, "p95": 700.0, "p99": 700.0}
    assert rendered["calls"] == [
        {"callId": "a", "provider": "twilio", "turns": 2},
        {"callId": "b", "provider": "plivo", "turns": 1},
        {"callId": "c", "provider": "plivo", "turns": 1},
    ]
    assert rendered["carriers"] == {
        "plivo": {
            "calls": 2,
            "turns": 2,
            "stages": {"firstFrameMs": {"count": 1, "p50": 900.0, "p95": 900.0, "p99": 900.0}},
        },
        "twilio": {"calls": 1, "turns": 2, "stages": {"firstFrameMs": sums}},
    }
    assert rendered["stages"] == {
        "firstFrameMs": {"count": 3, "p50": 700.0, "p95": 900.0, "p99": 900.0}
    }


def test_without_answers_there_is_no_carrier_to_sum_up() -> None:
    assert render_recent([]) == {"turns": [], "stages": {}, "calls": [], "carriers": {}}


def test_a_turn_tells_when_their_speech_had_ended_if_that_is_known() -> None:
    turn = TurnLatency(turn=3, unix_s=NOON_UNIX_S + 3, speech_ended_unix_s=NOON_UNIX_S)

    assert render_turn(turn)["speechEndedAt"] == "2027-01-15T08:00:00.000Z"


def test_an_events_details_do_not_hide_what_every_event_has() -> None:
    event = FakeEvent(seq=7, event="call.dtmf", details={"digits": "5", "seq": 1, "event": "x"})

    rendered = render_event(event)

    assert rendered == {
        "seq": 7,
        "at": "2027-01-15T08:00:00.000Z",
        "event": "call.dtmf",
        "digits": "5",
        "call": render_call(LIVING),
    }


@given(values=st.lists(st.integers(0, 9), min_size=1, max_size=30), rank=st.integers(1, 99))
def test_a_percentile_is_one_of_the_values_and_so_many_do_not_exceed_it(
    values: list[int], rank: int
) -> None:
    found = percentile(values, rank)

    assert found in values
    assert sum(value <= found for value in values) * 100 >= rank * len(values)
    assert sum(value < found for value in values) * 100 < rank * len(values)
