"""The way from the lines to the daemon: whatever goes wrong there harms no other line."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
import trio

from voicecalld.errors import BadMessageError
from voicecalld.exchange.notices import CallFacts, build_webhook, parse_answer, render_notice
from voicecalld.net.message_stream import MemoryStream, MessageStream
from voicecalld.provider.base import Answer
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.mock.webhook import MockEvent, MockReason

log = structlog.get_logger()

Argument = TypeVar("Argument")
Result = TypeVar("Result")
WEBHOOK_PATIENCE_S = 15.0  # what Twilio has


class Trunk:
    """Delivers webhooks and carries media streams; *key* signs, *clock* is wall time."""

    def __init__(
        self,
        *,
        key: bytes,
        deliver: Callable[[Webhook], Awaitable[Reply]],
        accept_stream: Callable[[MessageStream], Awaitable[None]],
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._key = key
        self._deliver = deliver
        self._accept_stream = accept_stream
        self._clock = clock
        self.new_id = new_id

    async def tell(
        self, facts: CallFacts, event: MockEvent, reason: MockReason | None = None
    ) -> Answer | None:
        """Deliver the webhook that tells of *event*; None if no sensible answer came in time."""
        body = render_notice(facts, event, self.new_id(), reason)
        webhook = build_webhook(facts.webhook_url, body, key=self._key, unix_s=self._clock())
        reply = None
        with trio.move_on_after(WEBHOOK_PATIENCE_S):
            reply = await guard(self._deliver, webhook, during=event.value)
        if reply is None:
            return None
        try:
            return parse_answer(reply)
        except BadMessageError as problem:
            log.warning("a webhook was not answered as it should be", problem=str(problem))
            return None

    async def carry(self, stream: MemoryStream) -> None:
        """Let the daemon serve *stream*, and close it when it is done or fails."""
        try:
            await guard(self._accept_stream, stream, during="media stream")
        finally:
            stream.close()


async def guard(
    work: Callable[[Argument], Awaitable[Result]], argument: Argument, *, during: str
) -> Result | None:
    """What the daemon makes of *argument*; None if it failed, which goes no further than the log.

    A carrier does not fall over because one of its customers does. Behind this border is the
    whole daemon, so no narrower class than `Exception` would hold.
    """
    try:
        return await work(argument)
    except Exception:
        log.exception("the daemon failed, the carrier goes on", during=during)
        return None
