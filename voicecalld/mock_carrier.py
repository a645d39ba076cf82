"""The way to the mock carrier: a telephone network of its own, in this process."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import trio

from voicecalld.control.parties import RingOutcome
from voicecalld.exchange.exchange import Exchange, RingOrder
from voicecalld.exchange.script_file import read_script_file
from voicecalld.ids import PhoneNumber
from voicecalld.net.message_stream import MessageStream
from voicecalld.phone_settings import PhoneScript, Step
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import Reply, Webhook
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess

# The mock carrier lives in this process, so nobody dials these addresses.
MOCK_LINKS = Links(
    webhook_url="mock://daemon/voice/webhook", stream_url="mock://daemon/voice/stream"
)

MOCK_KEY_BYTES = 32


class MockCarrier:
    """The mock carrier's two ends, which know one another: its exchange and our reception."""

    address = ""  # it is inside
    reception: Reception

    def __init__(
        self,
        settings: Settings,
        voice: Synthesizer,
        *,
        unix_clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self.settings = settings
        key = secrets.token_bytes(MOCK_KEY_BYTES)  # known to nobody but this process
        provider = build_provider(settings, key=key)
        self.exchange = Exchange(
            settings.mock,
            voice=voice,
            key=key,
            webhook_url=MOCK_LINKS.webhook_url,
            deliver=self.deliver,
            accept_stream=self.accept_stream,
            clock=unix_clock,
            new_id=new_id,
        )
        self.access = CarrierAccess(provider=provider, link=self.exchange, links=MOCK_LINKS)
        self.carriers: Mapping[str, CarrierAccess] = {provider.name: self.access}

    async def run(
        self,
        switchboard: Switchboard,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Let the exchange work for *switchboard* until cancelled."""
        self.reception = Reception(
            switchboard, self.access, unix_clock=switchboard.services.unix_clock
        )
        await self.exchange.run(task_status=task_status)

    async def deliver(self, webhook: Webhook) -> Reply:
        """Bring a webhook to the door."""
        return await self.reception.receive_webhook(webhook)

    async def accept_stream(self, stream: MessageStream) -> None:
        """Bring a media stream to the door."""
        await self.reception.serve_stream(stream)

    async def ring(
        self,
        *,
        from_: str,
        to: PhoneNumber | None,
        say: str | None,
        wav: str | None,
        script: str | None,
        record: str | None,
    ) -> RingOutcome:
        """Let a telephone ring us, and return when its call is over."""
        order = RingOrder(
            from_=from_,
            to=to or self.settings.number_of("mock"),
            script=await build_script(say, wav, script),
            record=None if record is None else Path(record),
        )
        result = await self.exchange.ring(order)
        return RingOutcome(
            accepted=result.accepted,
            provider_call_id=result.provider_call_id,
            reason=result.reason,
        )


async def build_script(say: str | None, wav: str | None, script: str | None) -> PhoneScript:
    """What a caller does: as the file says, or speak once after the greeting."""
    if script is not None:
        return await read_script_file(Path(script))
    step = Step(say=say) if say is not None else Step(wav=wav)
    return PhoneScript(steps=(step,))
