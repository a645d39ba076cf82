import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from twilio.request_validator import RequestValidator

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer, read_until
from tests.carriers.faults import Faults
from tests.carriers.twilio.carrier import AUTH_TOKEN
from tests.carriers.twilio.rig import (
    STREAM_TWIML,
    STREAM_URL,
    ask,
    dial,
    open_rig,
    say,
)
from voicecalld.audio.tones import beep
from voicecalld.errors import StreamBrokenError
from voicecalld.net.message_stream import MemoryStream

LISTENS = build_callee(hang_up_when_done=False)


def customer_with_stream() -> Customer:
    return Customer(voice=[STREAM_TWIML])


def tell(stream: MemoryStream, start: Mapping[str, Any], event: str, **content: Any) -> None:
    message = {"event": event, "streamSid": start["streamSid"]}
    stream.send(json.dumps({**message, **({event: content} if content else {})}))


def play(stream: MemoryStream, start: Mapping[str, Any], sound: bytes, mark: str = "") -> None:
    tell(stream, start, "media", payload=base64.b64encode(sound).decode())
    if mark:
        tell(stream, start, "mark", name=mark)


async def test_a_stream_begins_with_whose_it_is_and_goes_on_in_real_time(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        entry = await dial(twilio)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        first = await read_until(stream, "media")
        began_s = trio.current_time()
        last = first
        for _ in range(49):
            last = await read_until(stream, "media")
        took_s = trio.current_time() - began_s

    assert start["start"]["customParameters"] == {"token": "t1"}
    assert start["start"]["callSid"] == entry.call
    assert start["sequenceNumber"] == "1"
    assert (first["media"]["chunk"], first["media"]["timestamp"]) == ("1", "20")
    assert (last["media"]["chunk"], last["media"]["timestamp"]) == ("50", "1000")
    assert took_s == pytest.approx(49 * 0.02)


async def test_a_stream_is_signed_over_its_own_url(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        await dial(twilio)
        await customer.next_stream()

    url, headers = customer.upgrades[0]
    assert url == STREAM_URL
    assert RequestValidator(AUTH_TOKEN).validate(url, {}, headers["X-Twilio-Signature"])


async def test_a_mark_comes_back_when_the_sound_before_it_has_been_played(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        entry = await dial(twilio)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        began_s = trio.current_time()
        play(stream, start, beep(440, 1000), "end")
        mark = await read_until(stream, "mark")
        took_s = trio.current_time() - began_s

    assert mark["mark"] == {"name": "end"}
    assert took_s == pytest.approx(1.0, abs=0.05)
    assert beep(440, 1000) in entry.heard
    assert twilio.ledger.complaints == []


async def test_a_clear_drops_what_waits_and_gives_all_marks_back(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        entry = await dial(twilio)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        play(stream, start, beep(440, 5000), "one")
        play(stream, start, beep(660, 5000), "two")
        await trio.sleep(1)
        tell(stream, start, "clear")
        await trio.sleep(0.1)

    assert entry.streams[0].returned_marks == ["one", "two"]
    assert beep(440, 900)[:-80] in entry.heard
    assert beep(440, 1200) not in entry.heard


async def test_the_call_goes_on_with_the_next_verb_when_the_customer_closes(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        entry = await dial(twilio)
        (await customer.next_stream()).close()
        await twilio.settle()

    assert entry.status == "completed"  # by the Hangup behind the Connect
    assert entry.streams[0].close_code == 1000
    twilio.ledger.check()


async def test_a_redirect_ends_a_running_stream_with_a_stop(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        entry = await dial(twilio)
        stream = await customer.next_stream()
        await read_until(stream, "media")
        await ask(twilio, "POST", f"/{entry.call}.json", Twiml=say("Goodbye."))
        stop = await read_until(stream, "stop")
        await twilio.settle()

    assert stop["stop"]["callSid"] == entry.call
    assert entry.texts == ["Goodbye."]
    assert entry.streams[0].is_over
    twilio.ledger.check()


async def test_keys_and_words_of_the_callee_arrive_on_the_stream(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()
    callee = build_callee(
        {"press": "5", "when": "answered", "after_ms": 100},
        {"say": "Hello?", "when": "answered", "after_ms": 1000},
        hang_up_when_done=False,
    )

    async with open_rig(customer, callee) as twilio:
        entry = await dial(twilio)
        stream = await customer.next_stream()
        key = await read_until(stream, "dtmf")
        await twilio.ledger.wait_until(lambda: bool(entry.spoken))

    assert key["dtmf"] == {"track": "inbound_track", "digit": "5"}
    assert entry.spoken == ["Hello?"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("hello", 31950),
        ("[]", 31950),
        ('{"event":"clear"}', 31951),
        ('{"event":"clear","streamSid":"SID","extra":1}', 31951),
        ('{"event":"mark","streamSid":"SID","mark":{}}', 31951),
        ('{"event":"mark","streamSid":"SID","mark":"end"}', 31951),
        ('{"event":"mark","streamSid":"SID","mark":{"name":""}}', 31951),
        ('{"event":"media","streamSid":"SID","media":{"payload":"%%"}}', 31951),
        ('{"event":"flush","streamSid":"SID"}', 31951),
    ],
)
async def test_a_message_that_is_not_as_documented_is_complained_of(
    autojump_clock: MockClock, message: str, code: int
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        await dial(twilio)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        stream.send(message.replace("SID", start["streamSid"]))
        await trio.sleep(0.1)

    assert [complaint.code for complaint in twilio.ledger.complaints] == [code]


async def test_a_stream_that_is_refused_is_complained_of(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()
    customer.refuses_streams = 403

    async with open_rig(customer, LISTENS) as twilio:
        await dial(twilio)
        await twilio.settle()

    assert [complaint.code for complaint in twilio.ledger.complaints] == [31920]


async def test_a_stream_breaks_when_it_is_told_to_and_is_not_blamed_on_the_customer(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS, Faults(stream_cuts_s=(0.5,))) as twilio:
        await dial(twilio)
        stream = await customer.next_stream()
        with pytest.raises(AssertionError, match="the stream is over"):
            await read_until(stream, "stop")
        with pytest.raises(StreamBrokenError):
            stream.send("{}")
        await twilio.settle()
        twilio.ledger.check()


async def test_a_customer_that_does_not_read_is_complained_of(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as twilio:
        await dial(twilio)
        await customer.next_stream()
        await trio.sleep(30)

    assert [complaint.code for complaint in twilio.ledger.complaints] == [31930]


async def test_lost_marks_unread_orders_and_skipped_silence_are_faults_of_the_carrier(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()
    faults = Faults(marks_lost=True, silence_skipped=True, stream_stops_reading_s=1.0)
    callee = build_callee({"say": "Hello?", "when": "answered", "after_ms": 2000})

    async with open_rig(customer, callee, faults) as twilio:
        entry = await dial(twilio)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        tell(stream, start, "mark", name="lost")
        first = await read_until(stream, "media")
        tell(stream, start, "mark", name="unread")
        await trio.sleep(0.1)

    assert entry.streams[0].returned_marks == ["lost"]
    assert int(first["media"]["timestamp"]) == pytest.approx(2000, abs=60)
