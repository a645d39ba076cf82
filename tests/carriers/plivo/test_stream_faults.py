"""Media streams with which something is wrong, on either side."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer, read_until
from tests.carriers.faults import Faults
from tests.carriers.plivo.rig import STATUS_URL, asked, dial, open_rig, render_stream
from tests.carriers.plivo.wire import Warned
from voicecalld.errors import StreamBrokenError

LISTENS = build_callee(hang_up_when_done=False)


def customer_with_stream(**attributes: str) -> Customer:
    return Customer(voice=[render_stream(**attributes)])


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "[]",
        '{"event":"clearAudio"}',
        '{"event":"clearAudio","streamId":"SID","extra":1}',
        '{"event":"checkpoint","streamId":"SID"}',
        '{"event":"checkpoint","streamId":"SID","name":""}',
        '{"event":"playAudio","media":"x"}',
        '{"event":"playAudio","media":{"payload":""}}',
        '{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":"x","payload":""}}',
        '{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":8000,"payload":"%"}}',
        '{"event":"playAudio","streamId":"other","media":{}}',
        '{"event":"sendDTMF","dtmf":"12x"}',
        '{"event":"flush","streamId":"SID"}',
    ],
)
async def test_a_message_that_is_not_as_documented_is_complained_of(
    autojump_clock: MockClock, message: str
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as plivo:
        await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        stream.send(message.replace("SID", start["start"]["streamId"]))
        await trio.sleep(0.1)

    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.BAD_MESSAGE]


async def test_a_stream_that_is_refused_is_complained_of(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()
    customer.refuses_streams = 403

    async with open_rig(customer, LISTENS) as plivo:
        await dial(plivo)
        await plivo.settle()

    assert len(customer.upgrades) == 1
    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.STREAM_REFUSED]


async def test_a_stream_breaks_when_it_is_told_to_and_is_not_blamed_on_the_customer(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream(statusCallbackUrl=STATUS_URL)

    async with open_rig(customer, LISTENS, Faults(stream_cuts_s=(0.5,))) as plivo:
        await dial(plivo, ring_url=None)
        stream = await customer.next_stream()
        with pytest.raises(AssertionError, match="the stream is over"):
            await read_until(stream, "stop")
        with pytest.raises(StreamBrokenError):
            stream.send("{}")
        await plivo.settle()
        plivo.ledger.check()

    assert asked(customer, "/status")[1]["Event"] == "DroppedStream"


async def test_a_customer_that_does_not_read_is_complained_of(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as plivo:
        await dial(plivo)
        await customer.next_stream()
        await trio.sleep(30)

    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.STREAM_NOT_READ]


def render_checkpoint(start: Mapping[str, Any], name: str) -> str:
    stream_id = start["start"]["streamId"]
    return json.dumps({"event": "checkpoint", "streamId": stream_id, "name": name})


async def test_lost_checkpoints_unread_orders_and_skipped_silence_are_faults_of_the_carrier(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()
    faults = Faults(marks_lost=True, silence_skipped=True, stream_stops_reading_s=1.0)
    callee = build_callee({"say": "Hello?", "when": "answered", "after_ms": 2000})

    async with open_rig(customer, callee, faults) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        stream.send(render_checkpoint(start, "lost"))
        first = await read_until(stream, "media")
        stream.send(render_checkpoint(start, "unread"))
        await trio.sleep(0.1)

    assert entry.streams[0].returned_marks == ["lost"]
    assert 20 * first["media"]["chunk"] == pytest.approx(2000, abs=60)
