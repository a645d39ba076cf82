"""The life of one call of the simulated Plivo: queued, ringing, answered, performed, ended."""

from collections.abc import Mapping
from dataclasses import replace

import trio

from tests.carriers.call import DIAL_S
from tests.carriers.callee import Callee, Prepared
from tests.carriers.document_call import DocumentCall
from tests.carriers.plivo.elements import Document, Hangup, Redirect
from tests.carriers.plivo.endings import ENDINGS
from tests.carriers.plivo.leg import Fetch, Leg
from tests.carriers.plivo.performance import Performance, obtain
from voicecalld.audio.keys import render_keys


class PlivoCall(DocumentCall[Fetch, Document]):
    """Runs once; `redirect` and `end` may be called from outside at any time."""

    def __init__(self, leg: Leg, callee: Callee) -> None:
        super().__init__(leg, callee)
        self.leg = leg

    def hang_up(self) -> None:
        """End the call for the customer."""
        answered = self.leg.answered_s is not None
        self.end("hung-up" if answered else "canceled")

    def finish(self, outcome: str) -> None:
        """Let the call be over, and report it."""
        ending = ENDINGS[outcome]
        if self.leg.answered_s is not None:
            ending = replace(ending, status="completed")
        self.leg.finish(ending)

    async def live(self, prepared: Prepared) -> str:
        """Live until the end; gives the outcome."""
        leg = self.leg
        if leg.entry.direction == "inbound":
            leg.change("ringing")
            return await self._live_inbound(prepared)
        await trio.sleep(2 * DIAL_S)
        leg.change("ringing")
        leg.report_ring()
        ended = await self.ring_out(leg.order.ring_s)
        if ended == "no-answer" and self.callee.answers_after_s >= leg.order.ring_s:
            return "ring-timeout"
        return ended or await self._talk(prepared, None)

    async def _live_inbound(self, prepared: Prepared) -> str:
        source: Fetch | None = self.leg.order.source
        while source is not None:
            document = await obtain(self.leg, source)
            if document is None:
                return self.leg.outcome
            match document.elements:
                case (Hangup() as hangup, *_):
                    return "told-busy" if hangup.reason == "busy" else "rejected"
                case (Redirect() as redirect, *_):
                    source = Fetch(url=redirect.url, method=redirect.method)
                case _:
                    return await self._talk(prepared, document)
        return "failed"

    async def _talk(self, prepared: Prepared, document: Document | None) -> str:
        """Everything from the answer to the end; *document* is what has been asked for before."""
        leg = self.leg
        leg.answered_s = leg.services.unix_clock()
        leg.change("in-progress")

        async def hold(nursery: trio.Nursery) -> None:
            leg.background = nursery
            fields = await self._detect(nursery)
            if fields is None:
                leg.outcome = "machine"
                return
            if leg.order.send_digits:
                await leg.talking.play(render_keys(leg.order.send_digits))
            await self.perform_all(replace(leg.order.source, fields=fields), document)

        await self.talk(prepared, leg.order.limit_s, hold)
        return "too-long" if self.was_too_long else leg.outcome

    async def _detect(self, nursery: trio.Nursery) -> Mapping[str, str] | None:
        """Find out who has answered; gives what the first document is asked for with.

        None: a machine, on which the customer does not want to be kept waiting.
        """
        order = self.leg.order
        if not order.detection:
            return {}
        if order.detected.url:
            nursery.start_soon(self._detect_later)
            return {}
        await trio.sleep(self.callee.detection_s)
        is_machine = self._sounds_like_machine()
        if is_machine and order.detection == "hangup":
            return None
        return {"Machine": "true" if is_machine else "false"}

    async def _detect_later(self) -> None:
        await trio.sleep(self.callee.detection_s)
        if not self._sounds_like_machine():
            return  # people are not reported
        self.leg.report_machine()
        if self.leg.order.detection == "hangup":
            self.end("machine")

    def _sounds_like_machine(self) -> bool:
        truth = "true" if self.callee.is_machine else "false"
        return (self.callee.answered_by or truth) == "true"

    async def perform(self, source: Fetch, document: Document | None) -> Fetch | None:
        """Perform what *source* gives, or *document* if it has been given; gives what follows."""
        if document is None:
            document = await obtain(self.leg, source)
        if document is None:
            return None
        return await Performance(self.leg).perform(document)
