"""Words and keys of the callee."""

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import Callee, build_callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.telnyx.rig import (
    bodies,
    dial_answered,
    encode_state,
    events,
    open_rig,
    order,
    wait_event,
)

WORDS = "A table for two please."
TALKS = build_callee({"say": WORDS, "when": "answered", "after_ms": 1000}, hang_up_when_done=False)
VOICE = {"voice": "AWS.Polly.Joanna"}


def keys(*presses: tuple[str, int]) -> Callee:
    steps = [{"press": press, "when": "answered", "after_ms": ms} for press, ms in presses]
    return build_callee(*steps, hang_up_when_done=False)


def heard(customer: Customer) -> list[tuple[str, bool]]:
    """Every transcription: its words, and whether they are final."""
    found = [data["payload"] for data in bodies(customer)]
    told = [payload["transcription_data"] for payload in found if "transcription_data" in payload]
    return [(data["transcript"], data["is_final"]) for data in told]


async def test_words_are_guessed_first_and_told_when_they_are_certain(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, TALKS) as telnyx:
        entry = await dial_answered(telnyx)
        config = {"interim_results": True, "language": "en"}
        await order(telnyx, entry, "transcription_start", transcription_engine_config=config)
        told = await wait_event(telnyx, "call.transcription", 1)

    assert heard(customer) == [("A table for", False), (WORDS, True)]
    assert "transcription_track" not in told["transcription_data"]


async def test_without_interim_results_there_are_final_ones_only(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, TALKS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "transcription_start")
        await trio.sleep(5)

    assert heard(customer) == [(WORDS, True)]


async def test_what_was_said_before_the_stop_comes_late_with_the_state_of_then(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, TALKS, Faults(transcripts_late_s=2.0)) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "transcription_start", client_state=encode_state("t1"))
        await telnyx.ledger.wait_until(lambda: entry.spoken == [WORDS])
        await order(telnyx, entry, "transcription_stop", client_state=encode_state("t2"))
        stopped_s = trio.current_time()
        told = await wait_event(telnyx, "call.transcription")

    assert trio.current_time() - stopped_s == pytest.approx(2.3, abs=0.1)
    assert told["client_state"] == encode_state("t1")


async def test_nothing_is_told_of_what_was_said_after_the_stop(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, TALKS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "transcription_start")
        await order(telnyx, entry, "transcription_stop")
        await trio.sleep(5)

    assert entry.spoken == [WORDS]
    assert heard(customer) == []


@pytest.mark.parametrize(
    ("tracks", "words"),
    [("inbound", [WORDS]), ("both", ["Hello.", WORDS]), ("outbound", ["Hello."])],
)
async def test_our_own_voice_is_heard_as_well_if_that_is_asked_for(
    autojump_clock: MockClock, tracks: str, words: list[str]
) -> None:
    customer = Customer()

    async with open_rig(customer, TALKS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(
            telnyx,
            entry,
            "transcription_start",
            transcription_engine="B",
            transcription_tracks=tracks,
        )
        await order(telnyx, entry, "speak", payload="Hello.", **VOICE)
        await trio.sleep(5)

    assert [text for text, _ in heard(customer)] == words


async def test_a_recogniser_that_runs_is_not_started_again_without_a_complaint(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(Customer(), TALKS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "transcription_start")
        await order(telnyx, entry, "transcription_start")

    assert [complaint.code for complaint in telnyx.ledger.complaints] == [3]


@pytest.mark.parametrize(
    ("fields", "callee", "digits", "status"),
    [
        ({}, keys(("12#4", 500)), "12", "valid"),
        ({"maximum_digits": 2}, keys(("12#4", 500)), "12", "valid"),
        ({"terminating_digit": ""}, keys(("12#4", 500)), "12#4", "valid"),
        ({"valid_digits": "2"}, keys(("12#4", 500)), "2", "valid"),
        ({"minimum_digits": 3}, keys(("12#4", 500)), "12", "invalid"),
        ({}, keys(("1", 500), ("2", 8000)), "1", "valid"),
        ({}, keys(("1", 8000)), "", "timeout"),
        ({"timeout_millis": 2000}, keys(("1", 500), ("2", 3000)), "1", "valid"),
    ],
)
async def test_keys_are_collected_until_enough_or_the_finishing_one_or_too_late(
    autojump_clock: MockClock,
    fields: dict[str, object],
    callee: Callee,
    digits: str,
    status: str,
) -> None:
    customer = Customer()

    async with open_rig(customer, callee) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "gather", gather_id="g1", **fields)
        ended = await wait_event(telnyx, "call.gather.ended")

    assert (ended["digits"], ended["status"], ended["gather_id"]) == (digits, status, "g1")


async def test_collecting_ends_when_it_is_stopped_replaced_or_the_call_ends(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, keys()) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "gather", gather_id="stopped")
        await order(telnyx, entry, "gather_stop")
        await order(telnyx, entry, "gather", gather_id="replaced")
        await order(telnyx, entry, "gather", gather_id="last")
        await trio.sleep(1)
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    ended = [
        data["payload"] for data in bodies(customer) if data["event_type"] == "call.gather.ended"
    ]
    assert {payload["gather_id"]: payload["status"] for payload in ended} == {
        "stopped": "cancelled",
        "replaced": "cancelled",
        "last": "call_hangup",
    }
    assert events(customer)[-1] == "call.hangup"
