from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.control_parties import NOON_UNIX_S, Office
from tests.fakes.line_client import connected
from voicecalld.call.record import Mode, Speaker, Utterance
from voicecalld.control.handlers import HANDLERS
from voicecalld.control.parties import RingOutcome
from voicecalld.control.server import ControlServer
from voicecalld.control.tool import ACTIONS
from voicecalld.errors import BadAudioError, BadScriptError
from voicecalld.rpc.methods import METHODS

CALL: dict[str, object] = {"callId": "call-1"}
ASKED: dict[str, dict[str, object]] = {
    "voicecall.initiate": {"message": "Hello."},
    "voicecall.continue": CALL | {"message": "Well?"},
    "voicecall.speak": CALL | {"message": "Bye."},
    "voicecall.dtmf": CALL | {"digits": "12#"},
    "voicecall.end": CALL,
    "voicecall.status": {},
    "voicecall.list": {},
    "voicecall.transcript": CALL,
    "voicecall.latency": CALL,
    "voicecall.timeline": CALL,
    "voicecall.subscribe": {},
    "voice_call": {"action": "nonsense"},
    "daemon.info": {},
    "daemon.health": {},
    "mock.ring": {"from": "anonymous", "say": "Hi."},
}


async def ask(office: Office, method: str, **params: object) -> Any:
    office.calls.reply.set()
    async with office.open(), connected(office.path) as client:
        return await client.ask(method, **params)


def test_every_method_of_the_table_has_a_handler_and_every_handler_is_in_the_table() -> None:
    assert METHODS.keys() == HANDLERS.keys() | {"voice_call"}
    assert METHODS.keys() == ASKED.keys()


@pytest.mark.parametrize("method", METHODS)
async def test_a_result_has_the_members_that_the_table_says(office: Office, method: str) -> None:
    result = await ask(office, method, **ASKED[method])

    described = {member.name: member.required for member in METHODS[method].result}
    assert result.keys() <= described.keys()
    assert {name for name, always in described.items() if always} <= result.keys()


async def test_a_call_is_placed_as_it_was_ordered(office: Office) -> None:
    result = await ask(
        office,
        "voicecall.initiate",
        message="Hello.",
        to="+15550100",
        mode="notify",
        provider="plivo",
        idempotencyKey="k",
    )

    assert result == {"callId": "call-1", "initiated": True}
    assert office.calls.asked == [("place", "+15550100", "Hello.", Mode.NOTIFY, "plivo", "k")]


async def test_what_was_not_said_of_an_order_is_left_to_the_switchboard(office: Office) -> None:
    await ask(office, "voicecall.initiate", message="Hello.")

    assert office.calls.asked == [("place", None, "Hello.", None, None, None)]


async def test_the_other_partys_words_and_keys_are_the_answer_to_a_message(office: Office) -> None:
    result = await ask(office, "voicecall.continue", callId="mock-1", message="Well?")

    assert result == {"success": True, "transcript": "Yes, please.", "digits": "1"}
    assert office.calls.asked == [("continue", "mock-1", "Well?")]


async def test_a_message_that_was_cut_short_says_so(office: Office) -> None:
    result = await ask(office, "voicecall.speak", callId="call-1", message="Well...")

    assert result == {"success": True, "heard": "Well...", "interrupted": True}


async def test_one_call_is_found_by_the_carriers_id_and_has_its_latency(office: Office) -> None:
    result = await ask(office, "voicecall.status", callId="mock-1")

    assert result["found"] is True
    assert result["call"]["callId"] == "call-1"
    assert result["call"]["latency"]["turns"] == 2


async def test_a_call_that_is_not_found_is_no_error(office: Office) -> None:
    assert await ask(office, "voicecall.status", callId="unknown") == {"found": False}


@pytest.mark.parametrize(
    "method",
    ["voicecall.transcript", "voicecall.latency", "voicecall.timeline", "voicecall.end"],
)
async def test_a_call_that_nobody_knows_is_refused(office: Office, method: str) -> None:
    error = await ask(office, method, callId="unknown")

    assert error["code"] == 100


async def test_calls_are_listed_up_to_a_limit(office: Office) -> None:
    result = await ask(office, "voicecall.list", limit=1)

    assert [call["callId"] for call in result["calls"]] == ["call-1"]


async def test_a_transcript_is_in_the_order_of_speaking(office: Office) -> None:
    result = await ask(office, "voicecall.transcript", callId="mock-0")

    assert result["callId"] == "call-0"
    assert [said["speaker"] for said in result["utterances"]] == ["bot", "user"]


async def test_without_a_call_the_latest_calls_are_summed_up(office: Office) -> None:
    result = await ask(office, "voicecall.latency", last=7)

    assert office.journal.asked_recent == (7, 1000)
    assert [(turn["turn"], turn["provider"]) for turn in result["turns"]] == [
        (1, "mock"), (2, "mock"),
    ]  # fmt: skip
    assert result["calls"] == [{"callId": "call-0", "provider": "mock", "turns": 2}]
    assert result["carriers"]["mock"]["stages"] == result["stages"]


async def test_a_timeline_is_all_of_a_call_that_has_a_time(office: Office) -> None:
    office.journal.happen("call.dtmf", digits="5", direction="in")
    office.journal.happen("call.speech", text="no key")
    office.journal.happen("call.interrupted")
    office.journal.said = (
        Utterance(
            speaker=Speaker.USER,
            text="Hi.",
            unix_s=NOON_UNIX_S + 4,
            ended_unix_s=NOON_UNIX_S + 4.5,
        ),
    )

    living = await ask(office, "voicecall.timeline", callId="mock-1")
    finished = await ask(office, "voicecall.timeline", callId="mock-0")

    at = "2027-01-15T08:00:00.000Z"
    assert living["keys"] == [{"at": at, "digits": "5", "direction": "in"}]
    assert living["interruptions"] == [{"at": at}]
    assert [turn["turn"] for turn in living["turns"]] == [1, 2]
    assert finished["call"]["endReason"] == "hangup-user"
    assert finished["keys"] == finished["interruptions"] == []
    assert [said["endedAt"] for said in finished["utterances"]] == ["2027-01-15T08:00:04.500Z"]


async def test_of_one_call_the_last_turns_are_told_without_any_carrier(office: Office) -> None:
    result = await ask(office, "voicecall.latency", last=1, callId="mock-0")

    assert result.keys() == {"turns", "stages"}
    assert [turn["turn"] for turn in result["turns"]] == [2]
    assert result["stages"]["firstFrameMs"] == {
        "count": 1,
        "p50": 900.0,
        "p95": 900.0,
        "p99": 900.0,
    }


async def test_the_daemon_says_how_it_is_doing(office: Office) -> None:
    result = await ask(office, "daemon.info")

    assert result == {
        "name": "voicecalld",
        "version": "1.2.3",
        "pid": 42,
        "provider": "mock",
        "carriers": ["mock"],
        "startedAt": "2027-01-15T08:00:00.000Z",
        "uptimeSeconds": 90.5,
        "socket": str(office.path),
        "calls": {"live": 1},
        "lastEvent": 0,
    }


async def test_the_daemon_says_where_carriers_are_to_find_it(office: Office) -> None:
    webhooks = {"twilio": "https://a.test/voice", "plivo": "https://a.test/voice/plivo"}
    identity = replace(office.service.identity, address="127.0.0.1:3334", webhooks=webhooks)
    office.server = ControlServer(replace(office.service, identity=identity))

    result = await ask(office, "daemon.info")

    assert (result["address"], result["webhooks"]) == ("127.0.0.1:3334", webhooks)


async def test_a_mock_caller_does_what_he_is_told_and_the_calls_end_is_reported(
    office: Office,
) -> None:
    result = await ask(office, "mock.ring", **{"from": "+15550100"}, wav="/a.wav", record="/b.wav")

    assert result == {"accepted": True, "callId": "call-0", "endReason": "hangup-user"}
    assert office.ringer.rung == [
        {
            "from": "+15550100",
            "to": None,
            "say": None,
            "wav": "/a.wav",
            "script": None,
            "record": "/b.wav",
        }
    ]


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (
            RingOutcome(accepted=False, reason="not on the list"),
            {"accepted": False, "reason": "not on the list"},
        ),
        (RingOutcome(accepted=False, provider_call_id="unknown"), {"accepted": False}),
        (
            RingOutcome(accepted=True, provider_call_id="mock-1"),
            {"accepted": True, "callId": "call-1"},
        ),
    ],
)
async def test_a_mock_caller_learns_what_is_known_of_his_call(
    office: Office, outcome: RingOutcome, result: dict[str, object]
) -> None:
    office.ringer.outcome = outcome

    assert await ask(office, "mock.ring", **{"from": "anonymous"}, say="Hi.") == result


@pytest.mark.parametrize("error", [BadScriptError("line 3: no step"), BadAudioError("no sound")])
async def test_a_mock_callers_unusable_file_is_his_own_mistake(
    office: Office, error: Exception
) -> None:
    office.ringer.error = error

    refused = await ask(office, "mock.ring", **{"from": "anonymous"}, script="/a.toml")

    assert refused == {"code": -32602, "message": str(error)}


async def test_nobody_can_ring_where_the_carrier_is_real(tmp_path: Path) -> None:
    office = Office(tmp_path / "control.sock", mock=False)

    error = await ask(office, "mock.ring", **{"from": "anonymous"}, say="Hi.")

    message = 'Method not found: mock.ring needs provider "mock", and this is "twilio"'
    assert error == {"code": -32601, "message": message}


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (
            {"action": "initiate_call", "message": "a", "to": None},
            ("place", None, "a", None, None, None),
        ),
        (
            {"action": "initiate_call", "message": "a", "provider": "plivo"},
            ("place", None, "a", None, "plivo", None),
        ),
        ({"action": "continue_call", "callId": "c", "message": "a"}, ("continue", "c", "a")),
        ({"action": "speak_to_user", "callId": "c", "message": "a"}, ("speak", "c", "a")),
        ({"action": "send_dtmf", "callId": "c", "digits": "1"}, ("press", "c", "1")),
        ({"action": "end_call", "callId": "c"}, ("end", "c")),
    ],
)
async def test_the_tool_does_what_its_action_says(
    office: Office, arguments: dict[str, object], asked: tuple[object, ...]
) -> None:
    result = await ask(office, "voice_call", **arguments)

    assert "error" not in result
    assert office.calls.asked == [asked]


async def test_the_tool_shows_a_call(office: Office) -> None:
    result = await ask(office, "voice_call", action="get_status", callId="mock-1")

    assert result["call"]["callId"] == "call-1"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "unknown action None; one of initiate_call, continue_call"),
        ({"action": "call", "message": "a"}, "unknown action 'call'; one of initiate_call"),
        ({"action": "x" * 5000}, f"unknown action '{'x' * 99}; one of"),
        ({"action": {"y": "x" * 5000}}, f"unknown action {{'y': '{'x' * 93}; one of"),
        ({"action": ["initiate_call"], "message": "a"}, "unknown action"),
        ({"mode": "notify", "to": "+15550100", "message": "a"}, "unknown action None"),
        ({"action": "initiate_call"}, "message: is missing"),
        ({"action": "initiate_call", "message": "a", "sid": "b"}, "unknown parameter 'sid'"),
        ({"action": "get_status"}, "callId: is missing"),
        ({"action": "end_call", "callId": "unknown"}, "no call has this id"),
    ],
)
async def test_whatever_the_tool_refuses_is_an_answer_and_never_dials(
    office: Office, arguments: dict[str, object], complaint: str
) -> None:
    result = await ask(office, "voice_call", **arguments)

    assert complaint in result.pop("error")
    assert result == {}
    assert office.calls.asked == []


async def test_the_tool_takes_its_arguments_by_name(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send({"jsonrpc": "2.0", "id": 1, "method": "voice_call", "params": ["x"]})

        answer = await client.receive()

    assert "by name" in answer["result"]["error"]


def test_the_tools_actions_are_those_of_its_description() -> None:
    action = METHODS["voice_call"].params[0]

    assert all(name in action.sentence for name in ACTIONS)
