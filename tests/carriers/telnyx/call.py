"""The life of one call of the simulated Telnyx: initiated, answered, told what to do, ended."""

from collections.abc import Mapping
from dataclasses import dataclass

import trio

from tests.carriers.call import DIAL_S, CarrierCall
from tests.carriers.callee import Callee, Prepared
from tests.carriers.telnyx.ears import Ears, KeyGatherer, KeyReporter, Transcriber
from tests.carriers.telnyx.leg import Leg
from tests.carriers.telnyx.speaker import Speaker
from tests.carriers.telnyx.stream import Streams

CALLER_WAITS_S = 60.0  # for somebody to answer a call to the customer
GREETING_S = 1.0  # how much of a machine's greeting is left when it is known to be one
BEEPS = frozenset({"premium", "detect_beep", "detect_words", "greeting_end"})

# How a call has ended: Telnyx's cause, who has done it, and the status of SIP.
# "us" and "them" are caller or callee, depending on who called whom.
CAUSES: Mapping[str, tuple[str, str, str]] = {
    "completed": ("normal_clearing", "them", "200"),
    "hung-up": ("normal_clearing", "us", "200"),
    "canceled": ("originator_cancel", "us", "487"),
    "given-up": ("originator_cancel", "them", "487"),
    "busy": ("user_busy", "them", "486"),
    "failed": ("call_rejected", "them", "603"),
    "no-answer": ("no_answer", "them", "480"),
    "timeout": ("timeout", "us", "487"),
    "time-limit": ("time_limit", "unknown", "unspecified"),
    "cleared": ("unspecified", "unknown", "unspecified"),
    "CALL_REJECTED": ("call_rejected", "us", "603"),
    "USER_BUSY": ("user_busy", "us", "486"),
    "NOT_FOUND": ("not_found", "us", "404"),
    "TEMPORARILY_UNAVAILABLE": ("unspecified", "us", "480"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What commands have at hand while a call is held."""

    speaker: Speaker
    transcriber: Transcriber
    gatherer: KeyGatherer
    streams: Streams


class TelnyxCall(CarrierCall):
    """Runs once; it is told by commands what to do, and ends only if somebody ends it."""

    def __init__(self, leg: Leg, callee: Callee) -> None:
        super().__init__(leg, callee)
        self.leg = leg
        self.means: Means | None = None
        self._taken = trio.Event()

    @property
    def is_taken(self) -> bool:
        """Whether the customer has answered it, or was told to."""
        return self._taken.is_set()

    def take(self) -> None:
        """Let the customer answer a call to it."""
        self._taken.set()

    async def live(self, prepared: Prepared) -> str:
        """Live until the end; gives the outcome, a key of `CAUSES`."""
        return await (
            self._live_incoming(prepared)
            if self.leg.is_incoming
            else self._live_outgoing(prepared)
        )

    async def _live_outgoing(self, prepared: Prepared) -> str:
        await trio.sleep(DIAL_S)
        self._initiate("outgoing", "bridging")
        ring_s = self.leg.order.ring_s
        outcome = await self.ring_out(ring_s)
        if outcome == "no-answer" and self.callee.answers_after_s >= ring_s:
            return "timeout"
        return outcome or await self._hold(prepared)

    async def _live_incoming(self, prepared: Prepared) -> str:
        self._initiate("incoming", "parked")
        with trio.move_on_after(CALLER_WAITS_S):
            await self._taken.wait()
            await trio.sleep(DIAL_S)
            return await self._hold(prepared)
        return "given-up"

    def _initiate(self, direction: str, state: str) -> None:
        self.leg.change("initiated")
        self.leg.report(
            "call.initiated",
            direction=direction,
            state=state,
            start_time=self.leg.start_time(),
            caller_id_name=self.leg.entry.from_,
            connection_codecs="PCMU,PCMA",
            offered_codecs="PCMU",
            tags=[],
        )

    async def _hold(self, prepared: Prepared) -> str:
        self.leg.answered_s = self.leg.services.unix_clock()
        self.leg.change("answered")
        self.leg.report("call.answered", state="answered", start_time=self.leg.start_time())
        await self.talk(prepared, self.leg.order.limit_s, self._be_at_hand)
        return "time-limit"

    async def _be_at_hand(self, nursery: trio.Nursery) -> None:
        leg, order, ears = self.leg, self.leg.order, Ears()
        transcriber = Transcriber(leg)
        ears.add(KeyReporter(leg))
        ears.add(transcriber)
        leg.talking.listener = ears
        speaker = Speaker(leg, transcriber.hear_ourselves)
        streams = Streams(leg, ears, nursery, lambda: self.end("cleared"))
        self.means = Means(
            speaker=speaker,
            transcriber=transcriber,
            gatherer=KeyGatherer(leg, ears, nursery),
            streams=streams,
        )
        nursery.start_soon(speaker.run)
        nursery.start_soon(self._detect)
        if order.send_digits:
            leg.talking.press(order.send_digits)
        if order.stream is not None:
            streams.start(order.stream)
        try:
            await trio.sleep_forever()
        finally:
            leg.ended_s = leg.services.unix_clock()  # commands come too late from now on

    async def _detect(self) -> None:
        """Find out who has answered, if the customer wants to know."""
        leg, detection = self.leg, self.leg.order.detection
        if detection == "disabled":
            return
        kind = "premium." if detection == "premium" else ""
        await trio.sleep(self.callee.detection_s)
        human = "human_residence" if kind else "human"
        result = self.callee.answered_by or ("machine" if self.callee.is_machine else human)
        leg.answered_by = result
        leg.report(f"call.machine.{kind}detection.ended", result=result)
        if result == "machine" and detection in BEEPS:
            await trio.sleep(GREETING_S)
            leg.report(f"call.machine.{kind}greeting.ended", result="beep_detected")

    def finish(self, outcome: str) -> None:
        """Report the end."""
        cause, who, sip = CAUSES[outcome]
        sides = {"us": "caller", "them": "callee"}
        if self.leg.is_incoming:
            sides = {"us": "callee", "them": "caller"}
        packets = str(len(self.leg.entry.heard) // 160)
        self.leg.change(cause)
        self.leg.report(
            "call.hangup",
            state="hangup",
            start_time=self.leg.start_time(),
            hangup_cause=cause,
            hangup_source=sides.get(who, who),
            sip_hangup_cause=sip,
            call_quality_stats={
                "inbound": {"mos": "4.50", "packet_count": packets, "skip_packet_count": "0"},
                "outbound": {"packet_count": packets, "skip_packet_count": "0"},
            },
        )
