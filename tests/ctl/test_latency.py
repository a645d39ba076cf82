"""What `voicecallctl latency` shows, also of what could not be measured."""

import pytest

from tests.ctl.running import run_ctl
from tests.fakes.control_parties import NOON_UNIX_S, Office
from voicecalld.call import latency
from voicecalld.call.record import CallLatency, TurnLatency
from voicecalld.ctl.render import STAGES
from voicecalld.ids import CallId

CALL = ("--call-id", "mock-0")


def test_the_stages_are_those_of_the_wire() -> None:
    assert (*latency.STAGES,) == STAGES


async def test_latency_of_a_call_is_a_table_of_stages(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "latency", *CALL, "--last", "5")

    assert ended.out.splitlines() == [
        "turns: 2; milliseconds since the caller's last word",
        "STAGE          COUNT  P50    P95    P99",
        "endpointMs     2      700.0  700.0  700.0",
        "transcriptMs   0      -      -      -",
        "firstTextMs    0      -      -      -",
        "firstClauseMs  0      -      -      -",
        "firstAudioMs   0      -      -      -",
        "firstFrameMs   2      800.0  900.0  900.0",
        "firstMarkMs    0      -      -      -",
    ]


async def test_latency_of_the_last_calls_names_their_carrier(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "latency", "--last", "5")

    assert office.journal.asked_recent[0] == 5
    assert ended.out.splitlines()[:3] == [
        "turns: 2, calls: 1; milliseconds since the caller's last word",
        "CARRIER  STAGE          COUNT  P50    P95    P99",
        "mock     endpointMs     2      700.0  700.0  700.0",
    ]
    assert "all" not in ended.out.split()


async def test_several_carriers_are_told_apart_and_summed_up(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.journal.recent = tuple(
        CallLatency(
            call_id=CallId(provider),
            provider=provider,
            latency=TurnLatency(turn=2, unix_s=NOON_UNIX_S, first_frame_s=felt_s),
        )
        for provider, felt_s in (("twilio", 0.5), ("plivo", 0.75))
    )

    ended = await run_ctl(office, capsys, "latency")

    first, _, *rows = ended.out.splitlines()
    assert first == "turns: 2, calls: 2; milliseconds since the caller's last word"
    assert [row.split() for row in rows if "firstFrameMs" in row] == [
        ["plivo", "firstFrameMs", "1", "750.0", "750.0", "750.0"],
        ["twilio", "firstFrameMs", "1", "500.0", "500.0", "500.0"],
        ["all", "firstFrameMs", "2", "500.0", "750.0", "750.0"],
    ]


async def test_turns_that_nobody_could_measure_have_dashes(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.journal.turns = (TurnLatency(turn=2, unix_s=NOON_UNIX_S),)

    ended = await run_ctl(office, capsys, "latency", *CALL)

    first, heads, *rows = ended.out.splitlines()
    assert first == "turns: 1; milliseconds since the caller's last word"
    assert heads.split() == ["STAGE", "COUNT", "P50", "P95", "P99"]
    assert [row.split() for row in rows] == [[name, "0", "-", "-", "-"] for name in STAGES]


async def test_a_call_without_a_measured_turn_has_no_latency(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.journal.turns = (TurnLatency(turn=2, unix_s=NOON_UNIX_S),)

    ended = await run_ctl(office, capsys, "status", *CALL)

    assert "latency" not in ended.out


async def test_latency_without_turns_has_no_table(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.journal.turns = ()

    ended = await run_ctl(office, capsys, "latency", *CALL)

    assert ended.out == "turns: 0; milliseconds since the caller's last word\n"
