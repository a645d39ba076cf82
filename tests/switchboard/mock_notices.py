"""Genuine webhooks of the mock carrier, as its exchange would send them."""

import trio

from tests.switchboard.office import KEY, UNIX_S, WEBHOOK_URL
from voicecalld.exchange.notices import CallFacts, build_webhook, render_notice
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import Direction
from voicecalld.provider.http import Webhook
from voicecalld.provider.mock.webhook import MockEvent, MockReason

SIDE = "mock-77"


def notice(
    event: MockEvent = MockEvent.INITIATED,
    *,
    number: int = 1,
    call: str = SIDE,
    call_id: CallId | None = None,
    direction: Direction = Direction.INBOUND,
) -> Webhook:
    """A genuine webhook of the mock carrier."""
    facts = CallFacts(
        provider_call_id=ProviderCallId(call),
        direction=direction,
        from_="+15550177",
        to=PhoneNumber("+15550000000"),
        webhook_url=WEBHOOK_URL,
        call_id=call_id,
    )
    reason = MockReason.COMPLETED if event is MockEvent.ENDED else None
    body = render_notice(facts, event, f"event-{number}", reason)
    unix_s = UNIX_S + trio.current_time()
    return build_webhook(WEBHOOK_URL, body, key=KEY, unix_s=unix_s)
