import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
import trio
from plivo.utils import validate_v3_signature
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer, read_until
from tests.carriers.plivo.carrier import AUTH_ID, AUTH_TOKEN
from tests.carriers.plivo.rig import (
    MORE_URL,
    STATUS_URL,
    STREAM_URL,
    ask_call,
    asked,
    dial,
    open_rig,
    render_stream,
    say,
)
from tests.carriers.plivo.wire import Warned
from voicecalld.audio.g711 import mulaw_decode, mulaw_encode
from voicecalld.audio.tones import beep
from voicecalld.net.message_stream import MemoryStream

LISTENS = build_callee(hang_up_when_done=False)


def customer_with_stream(**attributes: str) -> Customer:
    return Customer(voice=[render_stream(**attributes)], more=[say("Goodbye.")])


def tell(stream: MemoryStream, start: Mapping[str, Any], event: str, **content: Any) -> None:
    message = {"event": event, "streamId": start["start"]["streamId"], **content}
    stream.send(json.dumps(message))


def play(
    stream: MemoryStream,
    start: Mapping[str, Any],
    sound: bytes,
    mark: str = "",
    content_type: str = "audio/x-mulaw",
    rate: int | str = 8000,
) -> None:
    payload = base64.b64encode(sound).decode()
    media = {"contentType": content_type, "sampleRate": rate, "payload": payload}
    stream.send(json.dumps({"event": "playAudio", "media": media}))
    if mark:
        tell(stream, start, "checkpoint", name=mark)


async def test_a_stream_begins_with_whose_it_is_and_goes_on_in_real_time(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream(extraHeaders="call=42,leg=a")

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        start = json.loads((await stream.receive())[0])
        first = await read_until(stream, "media")
        began_s = trio.current_time()
        last = first
        for _ in range(49):
            last = await read_until(stream, "media")
        took_s = trio.current_time() - began_s

    assert start["event"] == "start"  # nothing is before it
    assert start["sequenceNumber"] == 1
    assert start["start"]["callId"] == entry.call
    assert start["start"]["accountId"] == AUTH_ID
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000}
    assert start["extra_headers"] == first["extra_headers"] == "call=42;leg=a"
    assert (first["media"]["chunk"], last["media"]["chunk"]) == (1, 50)
    assert int(last["media"]["timestamp"]) - int(first["media"]["timestamp"]) == 980
    assert took_s == pytest.approx(49 * 0.02)
    assert entry.streams[0].parameters == {"token": "t1", "call": "42", "leg": "a"}


async def test_a_stream_is_signed_as_a_get_over_https(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as plivo:
        await dial(plivo)
        await customer.next_stream()

    url, headers = customer.upgrades[0]
    assert url == STREAM_URL
    assert headers["Sec-WebSocket-Protocol"] == "audio.plivo.com"
    assert validate_v3_signature(
        "GET",
        url.replace("wss://", "https://"),
        headers["X-Plivo-Signature-V3-Nonce"],
        AUTH_TOKEN,
        headers["X-Plivo-Signature-V3"],
    )


async def test_a_checkpoint_is_confirmed_when_the_sound_before_it_has_been_played(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        began_s = trio.current_time()
        play(stream, start, beep(440, 1000), "end", rate="8000")
        played = await read_until(stream, "playedStream")
        took_s = trio.current_time() - began_s

    assert played["name"] == "end"
    assert took_s == pytest.approx(1.0, abs=0.05)
    assert beep(440, 1000) in entry.heard
    assert plivo.ledger.complaints == []


async def test_a_clear_drops_what_waits_and_its_checkpoints_are_never_confirmed(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        play(stream, start, beep(440, 5000), "one")
        await trio.sleep(1)
        tell(stream, start, "clearAudio")
        cleared = await read_until(stream, "clearedAudio")
        play(stream, start, beep(660, 200), "two")
        played = await read_until(stream, "playedStream")

    assert cleared["streamId"] == start["start"]["streamId"]
    assert played["name"] == "two"
    assert entry.streams[0].marks == ["one", "two"]
    assert entry.streams[0].returned_marks == ["two"]
    assert beep(440, 900)[:-80] in entry.heard
    assert beep(440, 1200) not in entry.heard


@pytest.mark.parametrize(
    ("content_type", "rate"),
    [("audio/x-l16", 8000), ("audio/x-mulaw", 16000), ("audio/x-mulaw;rate=8000", 8000)],
)
async def test_sound_of_another_kind_than_the_streams_is_not_heard(
    autojump_clock: MockClock, content_type: str, rate: int
) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        play(stream, start, beep(440, 500), "end", content_type, rate)
        await read_until(stream, "playedStream")

    assert set(entry.heard) == {0xFF}
    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.NOT_HEARD]


@pytest.mark.parametrize("rate", [8000, 16000])
async def test_a_stream_may_be_linear(autojump_clock: MockClock, rate: int) -> None:
    customer = customer_with_stream(contentType=f"audio/x-l16;rate={rate}")
    callee = build_callee(
        {"wav": "beep", "when": "answered", "after_ms": 300},
        sounds={"beep": beep(440, 400)},
        hang_up_when_done=False,
    )

    async with open_rig(customer, callee) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        pcm = b""
        while len(pcm) < 2 * rate:  # a second
            media = await read_until(stream, "media")
            pcm += base64.b64decode(media["media"]["payload"])
        play(
            stream,
            start,
            mulaw_decode(beep(440, 400)) * (rate // 8000),
            "end",
            "audio/x-l16",
            rate,
        )
        play(stream, start, b"\0", "", "audio/x-l16", rate)
        await read_until(stream, "playedStream")

    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-l16", "sampleRate": rate}
    if rate == 8000:
        assert beep(440, 400) in mulaw_encode(pcm)
        assert beep(440, 400) in entry.heard
    assert entry.streams[0].played_bytes == pytest.approx(3200, abs=20)
    assert [complaint.text for complaint in plivo.ledger.complaints] == ["half a sample"]


async def test_what_is_played_on_a_stream_of_one_direction_is_not_heard(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream(bidirectional="false")

    async with open_rig(customer, LISTENS) as plivo:
        await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        play(stream, start, beep(440, 500))
        await trio.sleep(1)

    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.NOT_HEARD]


async def test_the_call_goes_on_with_the_next_element_when_the_customer_closes(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream(rest='<Wait length="5"/>', statusCallbackUrl=STATUS_URL)

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo, ring_url=None)
        stream = await customer.next_stream()
        await read_until(stream, "start")
        stream.close()
        await plivo.settle()

    events = [fields["Event"] for fields in asked(customer, "/status")]
    assert events == ["StartStream", "StopStream", "Hangup"]
    assert asked(customer, "/status")[0]["ServiceURL"] == STREAM_URL
    assert entry.lasted_s == pytest.approx(5.0, abs=0.2)
    assert entry.streams[0].close_code == 1000
    plivo.ledger.check()


async def test_without_keep_call_alive_the_next_elements_are_performed_at_once(
    autojump_clock: MockClock,
) -> None:
    customer = customer_with_stream(keepCallAlive="false", rest="<Speak>Hello.</Speak>")

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        await read_until(stream, "media")
        await plivo.settle()

    assert entry.texts == ["Hello."]
    assert entry.status == "completed"
    assert entry.lasted_s < 1
    assert entry.streams[0].is_over


async def test_a_stream_ends_after_its_time(autojump_clock: MockClock) -> None:
    customer = customer_with_stream(streamTimeout="3", rest="<Speak>Goodbye.</Speak>")

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        with pytest.raises(AssertionError, match="the stream is over"):
            await read_until(stream, "stop")
        await plivo.settle()

    assert entry.texts == ["Goodbye."]
    assert entry.lasted_s == pytest.approx(3 + 8 * 0.04, abs=0.1)


async def test_a_transfer_ends_a_running_stream_without_a_word(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()

    async with open_rig(customer, LISTENS) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        await read_until(stream, "media")
        await ask_call(plivo, "POST", entry, legs="aleg", aleg_url=MORE_URL)
        with pytest.raises(AssertionError, match="the stream is over"):
            await read_until(stream, "stop")
        await plivo.settle()

    assert entry.texts == ["Goodbye."]
    plivo.ledger.check()


async def test_keys_go_both_ways(autojump_clock: MockClock) -> None:
    customer = customer_with_stream()
    callee = build_callee(
        {"press": "5", "when": "answered", "after_ms": 100}, hang_up_when_done=False
    )

    async with open_rig(customer, callee) as plivo:
        entry = await dial(plivo)
        stream = await customer.next_stream()
        start = await read_until(stream, "start")
        stream.send(json.dumps({"event": "sendDTMF", "dtmf": "12"}))
        key = await read_until(stream, "dtmf")
        await plivo.ledger.wait_until(lambda: entry.digits_heard == "12")

    assert (key["dtmf"]["digit"], key["dtmf"]["track"]) == ("5", "inbound")
    assert key["streamId"] == start["start"]["streamId"]
