"""The life of one call of the simulated Twilio: queued, ringing, answered, performed, ended."""

from collections.abc import Mapping

import trio

from tests.carriers.callee import Callee, Prepared, prepare
from tests.carriers.line import Line
from tests.carriers.twilio.leg import Fetch, Leg, Source
from tests.carriers.twilio.performance import Performance, obtain
from tests.carriers.twilio.twiml import Document, Redirect, Reject
from voicecalld.audio.keys import render_keys

# Between the request and each of the first two states; a real carrier takes longer.
DIAL_S = 0.05
# How the callee's telephone ends a call that nobody takes.
REFUSALS: Mapping[str, str] = {"busy": "busy", "rejects": "failed"}


class TwilioCall:
    """Runs once; `redirect` and `end` may be called from outside at any time."""

    def __init__(self, leg: Leg, callee: Callee) -> None:
        self.leg = leg
        self._callee = callee
        self._life = trio.CancelScope()
        self._document = trio.CancelScope()
        self._redirected: Source | None = None
        self._outcome = "failed"

    async def run(self) -> None:
        """Live until the end."""
        try:
            prepared = await prepare(self._callee, self.leg.services.voice)
            with self._life:
                self._outcome = await self._live(prepared)
        finally:
            self._finish(self._outcome)

    def redirect(self, source: Source) -> None:
        """Drop the running document, and go on with another."""
        self._redirected = source
        self._document.cancel()

    def end(self, outcome: str) -> None:
        """End the call, however it is."""
        self._outcome = outcome
        self._life.cancel()

    def _finish(self, outcome: str) -> None:
        leg = self.leg
        leg.ended_s = leg.services.unix_clock()
        leg.change(outcome)
        leg.report_status("completed")
        leg.entry.is_over = True
        leg.services.ledger.touch()

    async def _live(self, prepared: Prepared) -> str:
        if self.leg.entry.direction == "inbound":
            return await self._live_inbound(prepared)
        await trio.sleep(DIAL_S)
        self.leg.report_status("initiated")
        await trio.sleep(DIAL_S)
        self.leg.change("ringing")
        self.leg.report_status("ringing")
        behaviour = self._callee.phone.behaviour
        rings_s = self._callee.answers_after_s
        if rings_s >= self.leg.order.ring_s or self._nobody_answers():
            await trio.sleep(min(rings_s, self.leg.order.ring_s))
            return "no-answer"
        await trio.sleep(rings_s)
        if behaviour in REFUSALS:
            return REFUSALS[behaviour]
        return await self._talk(prepared, None)

    def _nobody_answers(self) -> bool:
        return self._callee.phone.behaviour == "no-answer"

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
        person = prepared.pick_up(trio.current_time())
        leg.line = Line(
            person, leg.entry, leg.services.ledger, hang_up=lambda: self.end("completed")
        )
        with (
            leg.services.wheel.turning(leg.line),
            trio.move_on_after(leg.order.limit_s),
        ):
            async with trio.open_nursery() as nursery:
                fields = await self._detect(nursery)
                await self._perform_all(document, fields)
                nursery.cancel_scope.cancel()
        return "completed"

    async def _detect(self, nursery: trio.Nursery) -> Mapping[str, str]:
        """Find out who has answered; gives what the first document is asked for with."""
        order = self.leg.order
        if not order.detection or order.send_digits:
            return {}
        callee = self._callee
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
        await trio.sleep(self._callee.detection_s)
        self.leg.answered_by = answered_by
        self.leg.report_detection(self._callee.detection_s)

    async def _perform_all(self, document: Document | None, fields: Mapping[str, str]) -> None:
        if self.leg.order.send_digits:
            await self.leg.talking.play(render_keys(self.leg.order.send_digits))
        source: Source | None = self.leg.order.source
        if isinstance(source, Fetch):
            source = Fetch(url=source.url, method=source.method, fields=fields)
        source = self._take_redirect() or source  # somebody may have been quicker
        while source is not None:
            following = None
            with trio.CancelScope() as self._document:
                following = await self._perform(source, document)
            source, document = self._take_redirect() or following, None

    def _take_redirect(self) -> Source | None:
        source, self._redirected = self._redirected, None
        return source

    async def _perform(self, source: Source, document: Document | None) -> Source | None:
        if document is None:
            document = await obtain(self.leg, source)
        if document is None:
            return None
        base_url = source.url if isinstance(source, Fetch) else ""
        return await Performance(self.leg, base_url).perform(document)
