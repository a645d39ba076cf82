"""Our own provider against the simulated carrier: each takes what the other sends."""

from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.rig import UNIX_S
from tests.carriers.telnyx.carrier import API_KEY, CONNECTION_ID, SimulatedTelnyx
from tests.carriers.telnyx.rig import (
    EVENTS_URL,
    FROM,
    TO,
    open_rig,
    wait_event,
    wait_status,
)
from voicecalld.audio.tones import beep
from voicecalld.ids import CallId, PhoneNumber
from voicecalld.provider.base import CarrierReport, ConnectStream, NamedCall, PlaceOrder
from voicecalld.provider.http import HttpRequest, Webhook
from voicecalld.provider.stream import AudioReceived, MarkReturned, StreamOpened
from voicecalld.provider.telnyx import TelnyxProvider

ORDER = PlaceOrder(
    call_id=CallId("0b8ad2e6-0f4a-4c55-9d4f-0a8e3a1c7f42"),
    to=PhoneNumber(TO),
    from_=PhoneNumber(FROM),
    webhook_url=EVENTS_URL,
    ring_timeout_s=30,
    max_duration_s=300,
    detects_machine=True,
)
TALKS = build_callee(
    {"say": "A table for two.", "when": "answered", "after_ms": 2000}, hang_up_when_done=False
)
STREAM = ConnectStream(stream_url="wss://calls.example.test/stream", token="t1")  # noqa: S106


def make_provider(telnyx: SimulatedTelnyx) -> TelnyxProvider:
    return TelnyxProvider(
        api_key=API_KEY,
        public_key=telnyx.public_key,
        connection_id=CONNECTION_ID,
        api_base_url="https://api.telnyx.com",
        language="en-US",
        voice="AWS.Polly.Joanna",
    )


async def place(telnyx: SimulatedTelnyx, provider: TelnyxProvider) -> NamedCall:
    """A call that has been answered."""
    response = await telnyx.request(shorten(provider.rest.place(ORDER)))
    call = provider.rest.read_placed(response)
    await wait_status(telnyx, telnyx.ledger.calls[0], "answered")
    return NamedCall(call_id=ORDER.call_id, provider_call_id=call)


def shorten(request: HttpRequest) -> HttpRequest:
    """*request* as a server sees it."""
    url = request.url.removeprefix("https://api.telnyx.com")
    return HttpRequest(method=request.method, url=url, headers=request.headers, body=request.body)


async def give(telnyx: SimulatedTelnyx, *requests: HttpRequest | None) -> None:
    """Send requests, which must all be accepted."""
    for request in requests:
        assert request is not None
        response = await telnyx.request(shorten(request))
        assert response.status == 200, response.body


def read_reports(customer: Customer, provider: TelnyxProvider) -> list[CarrierReport]:
    """What the webhooks say, all of which must be genuine."""
    reports: list[CarrierReport] = []
    for request in customer.requests:
        headers = {name.lower(): value for name, value in request.headers.items()}
        webhook = Webhook(method="POST", url=request.url, headers=headers, body=request.body)
        assert provider.verify(webhook, UNIX_S)
        reports += provider.parse(webhook)
    return reports


async def test_all_that_we_ask_for_without_a_stream_is_understood(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, TALKS) as telnyx:
        provider = make_provider(telnyx)
        call = await place(telnyx, provider)
        entry, ask = telnyx.ledger.calls[0], provider.commands
        assert ask is not None
        pressed = provider.rest.press(call.provider_call_id, "1w2")
        await give(telnyx, ask.say(call, "Hello.", "turn1"), pressed, ask.listen(call, "turn1"))
        await wait_event(telnyx, "call.transcription")
        await give(telnyx, ask.stop_listening(call, "turn1"), ask.say(call, "Bye. " * 50, "turn2"))
        await give(telnyx, ask.stop_saying(call))
        await give(telnyx, provider.rest.fetch(call.provider_call_id))
        await give(telnyx, provider.rest.hang_up(call.provider_call_id))
        await telnyx.settle()
        over = await telnyx.request(shorten(provider.rest.hang_up(call.provider_call_id)))
        reports = read_reports(customer, provider)

    assert entry.texts[0] == "Hello."
    assert entry.digits_heard == "12"
    assert provider.rest.is_hung_up(over)
    assert {report.call_id for report in reports} == {ORDER.call_id}
    telnyx.ledger.check()


async def test_a_stream_is_understood_both_ways_even_out_of_order(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()
    sound = beep(440, 400)
    callee = build_callee(
        {"wav": "beep", "when": "answered", "after_ms": 200},
        sounds={"beep": sound},
        hang_up_when_done=False,
    )
    heard = bytearray()
    opened: list[StreamOpened] = []

    async with open_rig(customer, callee, Faults(media_shuffled=True)) as telnyx:
        provider = make_provider(telnyx)
        call = await place(telnyx, provider)
        assert provider.commands is not None
        await give(telnyx, provider.commands.connect(call, STREAM))
        stream = await customer.next_stream()
        url, headers = customer.upgrades[0]
        upgrade = Webhook(method="GET", url=url, headers=headers, body=b"")
        codec = provider.open_codec(upgrade)
        stream.send(codec.encode_opening())
        stream.send(codec.encode_audio(sound))
        stream.send(codec.encode_mark("end"))
        is_played = False
        while not is_played:
            for message in await stream.receive():
                event = codec.decode(message)
                is_played |= event == MarkReturned(mark="end")
                heard += event.audio if isinstance(event, AudioReceived) else b""
                opened += [event] if isinstance(event, StreamOpened) else []
        stream.send(codec.encode_clear())
        await give(telnyx, provider.rest.hang_up(call.provider_call_id))
        await telnyx.settle()

    entry = telnyx.ledger.calls[0]
    assert provider.find_token(upgrade) == STREAM.token
    assert [(start.provider_call_id, start.token) for start in opened] == [(entry.call, "t1")]
    assert bytes(heard) in bytes(entry.said)
    assert len(heard) > 2000
    assert sound in entry.heard
    telnyx.ledger.check()
