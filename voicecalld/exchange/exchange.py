"""The mock carrier as a whole: obeys requests as a carrier does, and lets telephones ring."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import structlog
import trio

from voicecalld.errors import BadMessageError, BadScriptError, CarrierError
from voicecalld.exchange.calls import PlacedCall, RingingCall
from voicecalld.exchange.line import Course, Line
from voicecalld.exchange.notices import CallFacts
from voicecalld.exchange.planning import build_plan, load_phone, load_script
from voicecalld.exchange.requests import (
    DONE,
    HangUpOrder,
    PressOrder,
    parse_request,
    render_placed,
    render_refusal,
)
from voicecalld.exchange.trunk import Trunk
from voicecalld.ids import PhoneNumber, ProviderCallId
from voicecalld.net.message_stream import MessageStream
from voicecalld.net.wheel import Wheel
from voicecalld.phone_settings import PhoneScript, PhoneSettings
from voicecalld.provider.base import Direction, PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse, Reply, Webhook
from voicecalld.provider.mock.webhook import MockReason
from voicecalld.settings import MockSettings
from voicecalld.speech.base import Synthesizer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOrder:
    """A call that a telephone is to place to the daemon; *record* wins over the script's."""

    from_: str
    to: PhoneNumber
    script: PhoneScript
    record: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RingResult:
    """How such a call went: *reason* is the carrier's word for why it is over."""

    provider_call_id: ProviderCallId
    accepted: bool
    reason: str


class Exchange:
    """The mock carrier: a `CarrierLink` for the daemon, and `ring` for whoever wants to call it.

    *deliver* takes the webhooks, signed with *key*; *webhook_url* is the address of those about
    calls that the daemon did not place. *accept_stream* takes the daemon's end of
    each media stream and returns when it is done with it. *clock* is wall time.
    """

    def __init__(
        self,
        settings: MockSettings,
        *,
        voice: Synthesizer,
        key: bytes,
        webhook_url: str,
        deliver: Callable[[Webhook], Awaitable[Reply]],
        accept_stream: Callable[[MessageStream], Awaitable[None]],
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._voice = voice
        self._webhook_url = webhook_url
        self._new_id = new_id
        self._trunk = Trunk(
            key=key, deliver=deliver, accept_stream=accept_stream, clock=clock, new_id=new_id
        )
        self._wheel = Wheel()
        self._lines: dict[ProviderCallId, Line] = {}
        self._nursery: trio.Nursery | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold all calls until cancelled, which cuts them off; started once calls can be made."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._wheel.run)
            self._nursery = nursery
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self._nursery = None

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Answer what the daemon asks for, as a carrier's REST API does."""
        await trio.lowlevel.checkpoint()
        try:
            order = parse_request(request)
        except BadMessageError as problem:
            return render_refusal(400, str(problem))
        match order:
            case PlaceOrder():
                return await self._place(order)
            case HangUpOrder(call=call):
                return self._hang_up(call)
            case PressOrder():
                return self._press(order)
            case None:
                return render_refusal(404, "there is nothing at this address")
            case _:
                assert_never(order)

    async def ring(self, order: RingOrder) -> RingResult:
        """Place a call to the daemon and wait until it is over; cancelled, the caller hangs up.

        Raises:
            BadScriptError: the script has a bad file; nothing has rung.
            ServiceError: the caller has no voice; nothing has rung.
            CarrierError: the exchange is not running.
        """
        script = order.script
        if order.record is not None:
            script = script.model_copy(update={"record": str(order.record)})
        plan = await build_plan(await load_script(script), self._voice)
        facts = CallFacts(
            provider_call_id=self._new_call(),
            direction=Direction.INBOUND,
            from_=order.from_,
            to=order.to,
            webhook_url=self._webhook_url,
        )
        line = self._start_line(facts, RingingCall(plan=plan).hold)
        try:
            await line.done.wait()
        finally:
            line.end(MockReason.HANGUP_USER)
        return RingResult(
            provider_call_id=facts.provider_call_id,
            accepted=line.was_connected,
            reason=line.reason.value,
        )

    async def _place(self, order: PlaceOrder) -> HttpResponse:
        phone = self._settings.phones.get(order.to, PhoneSettings())
        try:
            loaded = await load_phone(phone)
        except BadScriptError as problem:
            return render_refusal(422, str(problem))
        ms = phone.answers_after_ms
        call = PlacedCall(
            behaviour=phone.behaviour,
            answers_after_s=(self._settings.answers_after_ms if ms is None else ms) / 1000,
            loaded=loaded,
            voice=self._voice,
        )
        facts = CallFacts(
            provider_call_id=self._new_call(),
            direction=Direction.OUTBOUND,
            from_=order.from_,
            to=order.to,
            webhook_url=order.webhook_url,
            call_id=order.call_id,
            ring_timeout_s=order.ring_timeout_s,
            max_duration_s=order.max_duration_s,
        )
        try:
            self._start_line(facts, call.hold)
        except CarrierError as problem:
            return render_refusal(503, str(problem))
        return render_placed(facts.provider_call_id)

    def _hang_up(self, call: ProviderCallId) -> HttpResponse:
        line = self._lines.get(call)
        if line is None:
            return render_refusal(404, "there is no such call")
        line.end(MockReason.COMPLETED)
        return DONE

    def _press(self, order: PressOrder) -> HttpResponse:
        line = self._lines.get(order.call)
        if line is None:
            return render_refusal(404, "there is no such call")
        if not line.is_talking:
            return render_refusal(409, "nobody is on the line")
        line.press(order.digits)
        return DONE

    def _new_call(self) -> ProviderCallId:
        return ProviderCallId(f"mock-{self._new_id()}")

    def _start_line(self, facts: CallFacts, hold: Course) -> Line:
        if self._nursery is None:
            raise CarrierError("the exchange is not running")
        line = Line(facts, trunk=self._trunk, wheel=self._wheel)
        self._lines[facts.provider_call_id] = line
        self._nursery.start_soon(self._run_line, line, hold)
        return line

    async def _run_line(self, line: Line, hold: Course) -> None:
        try:
            await line.run(hold)
        except Exception:  # a bug ends this line, and nothing else
            log.exception("line failed")
        finally:
            del self._lines[line.facts.provider_call_id]
