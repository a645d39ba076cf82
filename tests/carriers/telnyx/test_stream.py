import base64
import json
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer, read_until
from tests.carriers.faults import Faults
from tests.carriers.ledger import CallEntry
from tests.carriers.telnyx.carrier import SimulatedTelnyx
from tests.carriers.telnyx.rig import (
    STREAM_URL,
    bodies,
    dial_answered,
    encode_state,
    events,
    open_rig,
    order,
    read_some,
    wait_event,
)
from voicecalld.audio.frame import SILENT_FRAME
from voicecalld.audio.tones import beep
from voicecalld.errors import StreamBrokenError
from voicecalld.net.message_stream import MemoryStream

LISTENS = build_callee(hang_up_when_done=False)
TOKEN = "t1"  # noqa: S105 - it opens nothing
RTP = {"stream_url": STREAM_URL, "stream_bidirectional_mode": "rtp", "stream_codec": "PCMU"}


def tell(stream: MemoryStream, event: str, **content: Any) -> None:
    stream.send(json.dumps({"event": event, **({event: content} if content else {})}))


def play(stream: MemoryStream, sound: bytes, mark: str = "") -> None:
    tell(stream, "media", payload=base64.b64encode(sound).decode())
    if mark:
        tell(stream, "mark", name=mark)


async def connect(
    telnyx: SimulatedTelnyx, customer: Customer, **fields: Any
) -> tuple[CallEntry, MemoryStream]:
    """An answered call, and the customer's end of its media stream, which has not been read."""
    entry = await dial_answered(telnyx)
    await order(telnyx, entry, "streaming_start", **{**RTP, **fields})
    stream = await customer.next_stream()
    if fields.get("stream_bidirectional_mode") != "mp3":
        play(stream, SILENT_FRAME)
    return entry, stream


async def test_a_stream_begins_with_whose_it_is_and_goes_on_in_real_time(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry, stream = await connect(
            telnyx,
            customer,
            stream_auth_token=TOKEN,
            custom_parameters=[{"name": "call", "value": "42"}],
            client_state=encode_state("s1"),
        )
        connected, start = [json.loads(message) for message in await stream.receive()]
        first = await read_until(stream, "media")
        began_s = trio.current_time()
        last = (await read_some(stream, "media", 49))[-1]
        took_s = trio.current_time() - began_s

    header = "x-telnyx-streaming-auth-token"
    assert customer.upgrades == [(STREAM_URL, {header: TOKEN})]
    assert connected == {
        "event": "connected",
        "version": "1.0.0",
        "connected": {header: TOKEN},
    }
    assert start["sequence_number"] == "1"
    assert start["start"]["call_control_id"] == entry.call
    assert start["start"]["custom_parameters"] == {"call": "42"}
    assert start["start"]["client_state"] == encode_state("s1")
    assert start["start"]["media_format"]["encoding"] == "PCMU"
    assert first["stream_id"] == start["stream_id"]
    assert (first["media"]["chunk"], first["media"]["timestamp"]) == ("1", "0")
    assert (last["media"]["chunk"], last["media"]["timestamp"]) == ("50", "980")
    assert took_s == pytest.approx(49 * 0.02)


async def test_a_mark_comes_back_when_the_sound_before_it_has_been_played(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry, stream = await connect(telnyx, customer)
        await read_until(stream, "start")
        began_s = trio.current_time()
        play(stream, beep(440, 1000), "end")
        mark = await read_until(stream, "mark")
        took_s = trio.current_time() - began_s

    assert mark["mark"] == {"name": "end"}
    assert took_s == pytest.approx(1.0, abs=0.05)
    assert beep(440, 1000) in entry.heard
    assert telnyx.ledger.complaints == []


async def test_a_clear_drops_what_waits_and_gives_all_marks_back(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry, stream = await connect(telnyx, customer)
        play(stream, beep(440, 5000), "one")
        play(stream, beep(660, 5000), "two")
        await trio.sleep(1)
        tell(stream, "clear")
        await trio.sleep(0.1)

    assert entry.streams[0].returned_marks == ["one", "two"]
    assert beep(440, 900)[:-80] in entry.heard
    assert beep(440, 1200) not in entry.heard


async def test_without_rtp_our_sound_is_dropped_in_silence(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry, stream = await connect(telnyx, customer, stream_bidirectional_mode="mp3")
        play(stream, beep(440, 1000), "end")
        mark = await read_until(stream, "mark")
        await trio.sleep(3)
        status = entry.status

    assert mark["mark"] == {"name": "end"}
    assert beep(440, 20) not in entry.heard
    assert status == "answered"
    assert telnyx.ledger.complaints == []


@pytest.mark.parametrize(("is_on", "status"), [(True, "unspecified"), (False, "answered")])
async def test_a_leg_on_which_nothing_is_to_be_heard_is_cleared_unless_that_is_switched_off(
    autojump_clock: MockClock, is_on: bool, status: str
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS, Faults(silent_legs_cleared=is_on)) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "streaming_start", **RTP)
        await trio.sleep(2)

        assert entry.status == status


async def test_the_call_goes_on_when_the_customer_closes_the_stream(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry, stream = await connect(telnyx, customer)
        stream.close()
        stopped = await wait_event(telnyx, "streaming.stopped")
        status = entry.status
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    assert stopped["stream_url"] == STREAM_URL
    assert status == "answered"
    assert entry.streams[0].close_code == 1000
    telnyx.ledger.check()


@pytest.mark.parametrize("name", ["streaming_stop", "hangup"])
async def test_a_stream_ends_with_a_stop_when_it_is_stopped_and_with_the_call(
    autojump_clock: MockClock, name: str
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry, stream = await connect(telnyx, customer)
        await read_until(stream, "media")
        await order(telnyx, entry, name)
        stop = await read_until(stream, "stop")
        await wait_event(telnyx, "streaming.stopped")

    assert stop["stop"]["call_control_id"] == entry.call
    assert entry.streams[0].is_over
    assert events(customer)[2] == "streaming.started"


async def test_a_stream_can_be_asked_for_with_the_call(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial_answered(telnyx, **RTP, stream_auth_token=TOKEN)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")

    assert start["start"]["call_control_id"] == entry.call
    assert telnyx.orders[entry.call].stream is not None


async def test_a_second_stream_is_complained_of(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        entry, _ = await connect(telnyx, customer)
        await order(telnyx, entry, "streaming_start", **RTP)

    assert [complaint.code for complaint in telnyx.ledger.complaints] == [3]


async def test_keys_of_the_callee_arrive_on_the_stream_and_as_events(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()
    callee = build_callee(
        {"press": "5", "when": "answered", "after_ms": 500}, hang_up_when_done=False
    )

    async with open_rig(customer, callee) as telnyx:
        _, stream = await connect(telnyx, customer)
        key = await read_until(stream, "dtmf")
        told = await wait_event(telnyx, "call.dtmf.received")

    assert key["dtmf"] == {"digit": "5"}
    assert key["occurred_at"].startswith("2026-01-01T00:00:0")
    assert told["digit"] == "5"


@pytest.mark.parametrize(
    ("message", "code", "title"),
    [
        ("hello", 100_003, "malformed_frame"),
        ("[]", 100_003, "malformed_frame"),
        ('{"event":"clear","extra":1}', 100_003, "malformed_frame"),
        ('{"event":"mark","mark":{}}', 100_003, "malformed_frame"),
        ('{"event":"mark","mark":"end"}', 100_003, "malformed_frame"),
        ('{"event":"mark","mark":{"name":""}}', 100_003, "malformed_frame"),
        ('{"event":"media","stream_id":"x","media":{"payload":"/w=="}}', 100_003, ""),
        ('{"event":"media","media":{"payload":"%%"}}', 100_004, "invalid_media"),
        ('{"event":"media","media":{"payload":"/w=="}}', 100_004, "invalid_media"),
        ('{"event":"flush"}', 100_003, "malformed_frame"),
    ],
)
async def test_a_message_that_is_not_as_documented_is_answered_with_an_error(
    autojump_clock: MockClock, message: str, code: int, title: str
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        _, stream = await connect(telnyx, customer)
        stream.send(message)
        error = await read_until(stream, "error")

    assert error["payload"]["code"] == code
    assert error["payload"]["title"].startswith(title)
    assert [complaint.code for complaint in telnyx.ledger.complaints] == [code]


async def test_a_stream_that_is_refused_is_told_and_the_call_goes_on(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()
    customer.refuses_streams = 403

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "streaming_start", **RTP)
        failed = await wait_event(telnyx, "streaming.failed")

    assert failed["failure_reason"] == "connection_failed"
    assert failed["stream_params"] == {"stream_url": STREAM_URL, "track": "inbound_track"}
    assert [complaint.code for complaint in telnyx.ledger.complaints] == [4]


async def test_a_stream_breaks_when_it_is_told_to_and_is_not_blamed_on_the_customer(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS, Faults(stream_cuts_s=(0.5,))) as telnyx:
        entry, stream = await connect(telnyx, customer)
        with pytest.raises(AssertionError, match="the stream is over"):
            await read_until(stream, "stop")
        with pytest.raises(StreamBrokenError):
            stream.send("{}")
        failed = await wait_event(telnyx, "streaming.failed")
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    assert failed["failure_reason"] == "connection_lost"
    telnyx.ledger.check()


async def test_a_customer_that_does_not_read_is_complained_of(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        await connect(telnyx, customer)
        await trio.sleep(30)

    assert [complaint.code for complaint in telnyx.ledger.complaints] == [7]


async def test_frames_come_out_of_order_but_numbered_when_that_is_a_fault(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS, Faults(media_shuffled=True)) as telnyx:
        _, stream = await connect(telnyx, customer)
        frames = await read_some(stream, "media", 8)

    assert [frame["media"]["chunk"] for frame in frames] == list("23146758")
    assert [int(frame["sequence_number"]) - 1 for frame in frames] == [2, 3, 1, 4, 6, 7, 5, 8]
    assert frames[0]["media"]["timestamp"] == "20"


async def test_lost_marks_unread_orders_and_skipped_silence_are_faults_of_the_carrier(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()
    faults = Faults(marks_lost=True, silence_skipped=True, stream_stops_reading_s=1.0)
    callee = build_callee(
        {"say": "Hello?", "when": "answered", "after_ms": 2000}, hang_up_when_done=False
    )

    async with open_rig(customer, callee, faults) as telnyx:
        entry, stream = await connect(telnyx, customer)
        tell(stream, "mark", name="lost")
        first = await read_until(stream, "media")
        tell(stream, "mark", name="unread")
        await trio.sleep(0.1)

    assert entry.streams[0].returned_marks == ["lost"]
    assert int(first["media"]["timestamp"]) == pytest.approx(2000, abs=100)
    assert "call.hangup" not in [data["event_type"] for data in bodies(customer)]
