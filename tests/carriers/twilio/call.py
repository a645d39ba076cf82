"""The life of one call of the simulated Twilio: queued, ringing, answered, performed, ended."""

from collections.abc import Mapping

import trio

from tests.carriers.call import DIAL_S
from tests.carriers.callee import Callee, Prepared
from tests.carriers.document_call import DocumentCall
from tests.carriers.twilio.leg import Fetch, Leg, Source
from tests.carriers.twilio.performance import Performance, obtain
from tests.carriers.twilio.twiml import Document, Redirect, Reject
from voicecalld.audio.keys import render_keys


class TwilioCall(DocumentCall[Source, Document]):
    """Runs once; `redirect` and `end` may be called from outside at any time."""

    def __init__(self, leg: Leg, callee: Callee) -> None:
        super().__init__(leg, callee)
        self.leg = leg

    def finish(self, outcome: str) -> None:
        """Let the call be over, and report it."""
        self.leg.change(outcome)
        self.leg.report_status("completed")

    async def live(self, prepared: Prepared) -> str:
        """Live until the end; gives the outcome."""
        if self.leg.entry.direction == "inbound":
            return await self._live_inbound(prepared)
        await trio.sleep(DIAL_S)
        self.leg.report_status("initiated")
        await trio.sleep(DIAL_S)
        self.leg.change("ringing")
        self.leg.report_status("ringing")
        ended = await self.ring_out(self.leg.order.ring_s)
        return ended or await self._talk(prepared, None)

    async def _live_inbound(self, prepared: Prepared) -> str:
        self.leg.change("ringing")
        source: Source | None = self.leg.order.source
        while source is not None:
            document = await obtain(self.leg, source)
            if document is None:
                return "failed"
            match document.verbs:
                case (Reject() as reject, *_):
                    return "busy" if reject.reason == "busy" else "no-answer"
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
        leg.report_status("answered")

        async def hold(nursery: trio.Nursery) -> None:
            fields = await self._detect(nursery)
            await self._perform_first(document, fields)

        return await self.talk(prepared, leg.order.limit_s, hold)

    async def _detect(self, nursery: trio.Nursery) -> Mapping[str, str]:
        """Find out who has answered; gives what the first document is asked for with."""
        order = self.leg.order
        if not order.detection or order.send_digits:
            return {}
        callee = self.callee
        end = "machine_end_beep" if order.detection == "DetectMessageEnd" else "machine_start"
        truth = end if callee.is_machine else "human"
        if order.is_async_detection:
            nursery.start_soon(self._detect_later, callee.answered_by or truth)
            return {}
        await trio.sleep(callee.detection_s)
        self.leg.answered_by = callee.answered_by or truth
        duration = str(round(1000 * callee.detection_s))
        return {"AnsweredBy": self.leg.answered_by, "MachineDetectionDuration": duration}

    async def _detect_later(self, answered_by: str) -> None:
        await trio.sleep(self.callee.detection_s)
        self.leg.answered_by = answered_by
        self.leg.report_detection(self.callee.detection_s)

    async def _perform_first(self, document: Document | None, fields: Mapping[str, str]) -> None:
        if self.leg.order.send_digits:
            await self.leg.talking.play(render_keys(self.leg.order.send_digits))
        source = self.leg.order.source
        if isinstance(source, Fetch):
            source = Fetch(url=source.url, method=source.method, fields=fields)
        await self.perform_all(source, document)

    async def perform(self, source: Source, document: Document | None) -> Source | None:
        """Perform what *source* gives, or *document* if it has been given; gives what follows."""
        if document is None:
            document = await obtain(self.leg, source)
        if document is None:
            return None
        base_url = source.url if isinstance(source, Fetch) else ""
        return await Performance(self.leg, base_url).perform(document)
