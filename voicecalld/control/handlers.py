"""One small function for each method: parameters in, the result's members out.

What must not be half done goes on when the client who asked for it is gone: placing a call and
hanging one up are shielded, for a bounded time. All other waiting ends with its client.

What may be a thousand turns is rendered in a thread: that takes longer than a frame may wait.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias

import trio

from voicecalld.call.record import LIVE_STATES, CallRecord, Mode
from voicecalld.control.params import (
    CallParams,
    DigitsParams,
    InitiateParams,
    LatencyParams,
    ListParams,
    MessageParams,
    NoParams,
    ParamsT,
    RingParams,
    StatusParams,
    SubscribeParams,
    parse_params,
)
from voicecalld.control.parties import Service
from voicecalld.control.wire import (
    render_call,
    render_moment,
    render_recent,
    render_service,
    render_time,
    render_turn,
    render_turns,
    render_utterance,
)
from voicecalld.errors import BadAudioError, BadParameterError, BadScriptError, NoSuchCallError
from voicecalld.rpc.json_line import Json, JsonObject

ERRAND_LIMIT_S: Final = 60.0
"""Longer than a carrier takes to dial or to hang up; past it something is broken."""

CALL_TURNS: Final = 1000
"""The latest turns of a call, from which its latency is told: an hour and more of them."""

SHOWN_TURNS: Final = 200
"""The latest turns of a call, if nobody says how many."""

RECENT_CALLS: Final = 20
"""The latest calls whose turns are summed up, if nobody says how many."""

RECENT_TURNS: Final = 1000
"""At most so many turns are summed up: more would keep living calls waiting for their sound."""

CALL_MOMENTS: Final = 2000
"""Keys and interruptions of one call that are drawn; no person presses more."""

INTERRUPTED: Final = "call.interrupted"
PRESSED: Final = "call.dtmf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A result, and the wish to be told of every event after number *after*."""

    result: JsonObject
    after: int


Answer: TypeAlias = JsonObject | Subscribed


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler(Generic[ParamsT]):
    """A method: the model of its parameters, and the function that answers."""

    params: type[ParamsT]
    answer: Callable[[Service, ParamsT], Awaitable[Answer]]

    async def run(self, service: Service, params: Json) -> Answer:
        """Answer a request; raises `RequestError` if it is refused."""
        return await self.answer(service, parse_params(self.params, params))


async def initiate(service: Service, params: InitiateParams) -> Answer:
    """Place a call."""
    with trio.fail_after(ERRAND_LIMIT_S, shield=True):
        call_id = await service.calls.place(
            to=params.to,
            message=params.message,
            mode=None if params.mode is None else Mode(params.mode),
            provider=params.provider,
            idempotency_key=params.idempotency_key,
        )
    return {"callId": call_id, "initiated": True}


async def continue_call(service: Service, params: MessageParams) -> Answer:
    """Say something, and wait for the other party's words."""
    reply = await service.calls.continue_call(params.call_id, params.message)
    answer: JsonObject = {"success": True, "transcript": reply.text}
    if reply.digits:
        answer["digits"] = reply.digits
    return answer


async def speak(service: Service, params: MessageParams) -> Answer:
    """Say something, and wait until it was heard."""
    spoken = await service.calls.speak(params.call_id, params.message)
    return {"success": True, "heard": spoken.heard, "interrupted": spoken.interrupted}


async def press(service: Service, params: DigitsParams) -> Answer:
    """Press keys."""
    await service.calls.press(params.call_id, params.digits)
    return {"success": True}


async def end(service: Service, params: CallParams) -> Answer:
    """Hang a call up."""
    with trio.fail_after(ERRAND_LIMIT_S, shield=True):
        await service.calls.end(params.call_id)
    return {"success": True}


async def status(service: Service, params: StatusParams) -> Answer:
    """One call, or all living ones."""
    if params.call_id is None:
        living = await service.journal.open_calls()
        return {"calls": [await describe_call(service, record) for record in living]}
    record = await service.journal.call(params.call_id)
    if record is None:
        return {"found": False}
    return {"found": True, "call": await describe_call(service, record)}


async def list_calls(service: Service, params: ListParams) -> Answer:
    """The latest calls; without their latencies, which would be a query for each."""
    return {"calls": [render_call(record) for record in await service.journal.calls(params.limit)]}


async def transcript(service: Service, params: CallParams) -> Answer:
    """What was said on a call."""
    record = await find_call(service, params.call_id)
    utterances = await service.journal.utterances(record.call_id)
    return {
        "callId": record.call_id,
        "utterances": [render_utterance(said) for said in utterances],
    }


async def latency(service: Service, params: LatencyParams) -> Answer:
    """How long answers took: on one call, or on the latest ones and with each carrier."""
    if params.call_id is None:
        calls = params.last or RECENT_CALLS
        recent = await service.journal.recent_latencies(calls, turns=RECENT_TURNS)
        return await trio.to_thread.run_sync(render_recent, recent)
    call_id = (await find_call(service, params.call_id)).call_id
    turns = await service.journal.latencies(params.last or SHOWN_TURNS, call_id)
    return await trio.to_thread.run_sync(render_turns, turns)


async def timeline(service: Service, params: CallParams) -> Answer:
    """When everything happened on a call that can be drawn."""
    record = await find_call(service, params.call_id)
    journal = service.journal
    utterances = await journal.utterances(record.call_id)
    turns = await journal.latencies(CALL_TURNS, record.call_id)
    moments = await journal.events_of(record.call_id, (INTERRUPTED, PRESSED), CALL_MOMENTS)

    def render() -> JsonObject:
        return {
            "call": render_call(record),
            "utterances": [render_utterance(said) for said in utterances],
            "interruptions": [render_moment(one) for one in moments if one.event == INTERRUPTED],
            "keys": [render_moment(one) for one in moments if one.event == PRESSED],
            "turns": [render_turn(turn) for turn in turns],
        }

    return await trio.to_thread.run_sync(render)


async def subscribe(service: Service, params: SubscribeParams) -> Answer:
    """Be told of events."""
    await trio.lowlevel.checkpoint()
    last = service.journal.last_seq
    if params.since is not None and params.since > last:
        # Else its sender would wait in silence until as many events have happened again.
        raise BadParameterError(f"since: the latest event is {last}", parameter="since")
    after = last if params.since is None else params.since
    return Subscribed(result={"subscribed": True, "lastEvent": last}, after=after)


async def info(service: Service, _params: NoParams) -> Answer:
    """Which daemon this is."""
    await trio.lowlevel.checkpoint()
    identity = service.identity
    return {
        "name": "voicecalld",
        "version": identity.version,
        "pid": identity.pid,
        "provider": identity.provider,
        "carriers": [*identity.carriers],
        "startedAt": render_time(identity.started_unix_s),
        "uptimeSeconds": round(max(0.0, service.clock() - identity.started_unix_s), 3),
        "socket": identity.socket,
        **({"address": identity.address} if identity.address else {}),
        **({"webhooks": {**identity.webhooks}} if identity.webhooks else {}),
        "calls": {"live": service.calls.live_count},
        "lastEvent": service.journal.last_seq,
    }


async def health(service: Service, _params: NoParams) -> Answer:
    """How the daemon's parts are doing."""
    await trio.lowlevel.checkpoint()
    found, identity = service.health(), service.identity
    journal: JsonObject = {"status": "ok"}
    if found.journal_failure:
        journal = {"status": "failing", "reason": found.journal_failure}
    return {
        "status": "ok" if found.is_well else "degraded",
        "services": {kind: render_service(one) for kind, one in found.services.items()},
        "carriers": {
            name: {
                "refusedWebhooks": count,
                **({"webhook": identity.webhooks[name]} if name in identity.webhooks else {}),
            }
            for name, count in found.refused.items()
        },
        "journal": journal,
        "config": identity.config,
        "calls": {"live": service.calls.live_count},
    }


async def ring(service: Service, params: RingParams) -> Answer:
    """Be called by the mock carrier's caller."""
    assert service.ring is not None, "mock.ring is offered only where the mock carrier is"
    try:
        outcome = await service.ring(
            from_=params.from_,
            to=params.to,
            say=params.say,
            wav=params.wav,
            script=params.script,
            record=params.record,
        )
    except (BadAudioError, BadScriptError) as error:
        raise BadParameterError(str(error)) from error
    answer: JsonObject = {"accepted": outcome.accepted}
    if outcome.reason:
        answer["reason"] = outcome.reason
    if outcome.provider_call_id is not None:
        await service.journal.settle()
        answer |= name_call(await service.journal.call(outcome.provider_call_id))
    return answer


def name_call(record: CallRecord | None) -> JsonObject:
    """The id of a call, if there is one, and why it is over, if it is."""
    if record is None:
        return {}
    if record.state in LIVE_STATES:
        return {"callId": record.call_id}
    return {"callId": record.call_id, "endReason": record.state.value}


async def describe_call(service: Service, record: CallRecord) -> JsonObject:
    """A call with its latency."""
    return render_call(record, await service.journal.latencies(CALL_TURNS, record.call_id))


async def find_call(service: Service, call_id: str) -> CallRecord:
    """The call with this id of ours or of the carrier's, or `NoSuchCallError`."""
    record = await service.journal.call(call_id)
    if record is None:
        raise NoSuchCallError("no call has this id")
    return record


HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    "voicecall.initiate": Handler(params=InitiateParams, answer=initiate),
    "voicecall.continue": Handler(params=MessageParams, answer=continue_call),
    "voicecall.speak": Handler(params=MessageParams, answer=speak),
    "voicecall.dtmf": Handler(params=DigitsParams, answer=press),
    "voicecall.end": Handler(params=CallParams, answer=end),
    "voicecall.status": Handler(params=StatusParams, answer=status),
    "voicecall.list": Handler(params=ListParams, answer=list_calls),
    "voicecall.transcript": Handler(params=CallParams, answer=transcript),
    "voicecall.latency": Handler(params=LatencyParams, answer=latency),
    "voicecall.timeline": Handler(params=CallParams, answer=timeline),
    "voicecall.subscribe": Handler(params=SubscribeParams, answer=subscribe),
    "daemon.info": Handler(params=NoParams, answer=info),
    "daemon.health": Handler(params=NoParams, answer=health),
    "mock.ring": Handler(params=RingParams, answer=ring),
}
