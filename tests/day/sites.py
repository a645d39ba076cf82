"""The same daemon at every carrier, in virtual time; streams and webhooks stay in memory."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import trio

from tests.carriers.callee import Callee, build_callee
from tests.carriers.carrier import OwnNumber
from tests.carriers.plivo.carrier import open_plivo
from tests.carriers.telnyx.carrier import open_telnyx
from tests.carriers.twilio.carrier import open_twilio
from tests.day.conversation import Conversation
from tests.day.site import Held, build_site, place, working
from tests.day.tap import Recording, Tap
from tests.day.voices import TheirVoice
from tests.switchboard import office as mock_office
from tests.switchboard import plivo_office, telnyx_office, twilio_office
from tests.switchboard.carrier_office import (
    CALLEE,
    CALLER,
    KEY,
    OURS,
    STREAM_URL,
    WEBHOOK_URL,
    Door,
    Link,
    Simulated,
    unix_clock,
)
from voicecalld.exchange.exchange import Exchange, RingOrder
from voicecalld.net.message_stream import MessageStream
from voicecalld.phone_settings import PhoneScript
from voicecalld.provider.http import Reply, Webhook
from voicecalld.settings import Settings
from voicecalld.switchboard.links import Links

# --- the simulated carriers -----------------------------------------------------------

OpenCarrier: TypeAlias = Callable[..., AbstractAsyncContextManager[Simulated]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is particular about a simulated carrier; ``own`` are options of *open_carrier*."""

    open_carrier: OpenCarrier
    build_settings: Callable[..., Settings]
    own: Mapping[str, Any]
    status_url: str = ""


ROWS: Final[Mapping[str, Row]] = {
    "twilio": Row(
        open_carrier=open_twilio,
        build_settings=twilio_office.build_settings,
        own={},
        status_url=WEBHOOK_URL,
    ),
    "telnyx": Row(
        open_carrier=open_telnyx,
        build_settings=telnyx_office.build_settings,
        own={"signing_key": telnyx_office.SIGNING_KEY},
    ),
    "plivo": Row(
        open_carrier=open_plivo,
        build_settings=plivo_office.build_settings,
        own={},
        status_url=WEBHOOK_URL,
    ),
}
CARRIERS: Final = ("mock", *ROWS)

STREAMS: Final = {"streaming": {"enabled": True}}


@asynccontextmanager
async def open_simulated(name: str, conversation: Conversation) -> AsyncIterator[Held]:
    """A site at the simulated carrier *name*, which has found no fault with us in the end."""
    row, door, link = ROWS[name], Door(), Link()
    settings = row.build_settings(**{**STREAMS, **conversation.settings})
    callee = build_callee(**conversation.phone)
    links = Links(webhook_url=WEBHOOK_URL, stream_url=STREAM_URL)
    site = build_site(conversation, settings, link, links)
    async with row.open_carrier(
        port=None,
        outside=door,
        callee=callee,
        voice=TheirVoice(),
        unix_clock=unix_clock,
        **row.own,
    ) as carrier:
        carrier.numbers[OURS] = OwnNumber(voice_url=WEBHOOK_URL, status_url=row.status_url)
        link.carrier = carrier
        async with trio.open_nursery() as nursery, working(site, nursery):
            door.reception, door.nursery = site.reception, nursery

            async def hold() -> Recording:
                if conversation.is_inbound:
                    await ring(carrier, callee)
                else:
                    await place(site, conversation)
                await carrier.settle()
                await site.switchboard.wait_idle()
                (entry,) = carrier.ledger.calls
                return Recording(heard=entry.heard, said=entry.said, keys=entry.digits_heard)

            yield Held(site=site, hold=hold)
        assert carrier.ledger.complaints == []
        assert all(stream.is_over for entry in carrier.ledger.calls for stream in entry.streams)


async def ring(carrier: Simulated, callee: Callee) -> None:
    """Let somebody call us, and wait for the end of that."""
    await carrier.ledger.wait_over(carrier.ring(CALLER, OURS, callee=callee))


# --- the mock carrier -----------------------------------------------------------------


@asynccontextmanager
async def open_mock(conversation: Conversation) -> AsyncIterator[Held]:
    """A site at the mock carrier."""
    phones = {CALLEE: conversation.phone}
    settings = Settings.model_validate(
        {"mock": {"phones": phones}, "inbound_policy": "open", **conversation.settings}
    )
    links = Links(webhook_url=mock_office.WEBHOOK_URL, stream_url=mock_office.STREAM_URL)
    link, recording, taps = mock_office.Link(), Recording(), list[MessageStream]()
    site = build_site(conversation, settings, link, links)

    async def deliver(webhook: Webhook) -> Reply:
        return await site.reception.receive_webhook(webhook)

    async def accept_stream(stream: MessageStream) -> None:
        taps.append(Tap(stream, recording))
        await site.reception.serve_stream(taps[-1])

    link.exchange = exchange = Exchange(
        settings.mock,
        voice=TheirVoice(),
        key=KEY,
        webhook_url=links.webhook_url,
        deliver=deliver,
        accept_stream=accept_stream,
        clock=unix_clock,
        new_id=site.switchboard.new_id,
    )

    async def hold() -> Recording:
        if conversation.is_inbound:
            script = PhoneScript.model_validate(conversation.phone)
            await exchange.ring(RingOrder(from_=CALLER, to=OURS, script=script))
        else:
            await place(site, conversation)
        await site.switchboard.wait_idle()
        return recording

    async with trio.open_nursery() as nursery, working(site, nursery):
        await nursery.start(exchange.run)
        yield Held(site=site, hold=hold)


def open_held(carrier: str, conversation: Conversation) -> AbstractAsyncContextManager[Held]:
    """A site at *carrier*, one of `CARRIERS`."""
    return open_mock(conversation) if carrier == "mock" else open_simulated(carrier, conversation)
