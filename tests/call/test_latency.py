import pytest

from voicecalld.call.commands import CallerTiming
from voicecalld.call.latency import Stage, TurnClock, describe_stages
from voicecalld.call.record import TurnLatency

TIMING = CallerTiming(speech_ended_s=10.0, endpointed_s=10.5, transcribed_s=10.75)
NOW_S = 15.0


def test_stages_count_from_the_end_of_their_speech() -> None:
    clock = TurnClock(3, TIMING)
    clock.note(Stage.TEXT, 11.0)
    clock.note(Stage.CLAUSE, 11.125)
    clock.note(Stage.AUDIO, 11.25)
    clock.note(Stage.FRAME, 11.5)
    clock.note(Stage.MARK, 12.0)

    assert clock.latency(unix_s=99.0, now_s=NOW_S) == TurnLatency(
        turn=3,
        unix_s=99.0,
        endpoint_s=0.5,
        transcript_s=0.75,
        first_text_s=1.0,
        first_clause_s=1.125,
        first_audio_s=1.25,
        first_frame_s=1.5,
        first_mark_s=2.0,
        speech_ended_unix_s=94.0,
    )


def test_a_stage_that_did_not_happen_has_no_figure() -> None:
    latency = TurnClock(1, TIMING).latency(unix_s=0.0, now_s=NOW_S)

    assert latency.first_text_s is None
    assert latency.first_mark_s is None


def test_only_the_first_time_of_a_stage_counts() -> None:
    clock = TurnClock(1, TIMING)

    clock.note(Stage.FRAME, 11.0)
    clock.note(Stage.FRAME, 12.0)

    assert clock.latency(unix_s=0.0, now_s=NOW_S).first_frame_s == pytest.approx(1.0)


def test_nothing_is_measured_from_an_end_of_speech_that_nobody_knows() -> None:
    clock = TurnClock(3, None)
    clock.note(Stage.TEXT, 11.0)

    latency = clock.latency(unix_s=99.0, now_s=NOW_S)

    assert latency == TurnLatency(turn=3, unix_s=99.0)
    assert describe_stages(latency) == {}


def test_clients_see_the_stages_that_happened_in_tenths_of_milliseconds() -> None:
    latency = TurnLatency(turn=1, unix_s=0.0, endpoint_s=0.70004, first_frame_s=0.0)

    assert describe_stages(latency) == {"endpointMs": 700.0, "firstFrameMs": 0.0}
