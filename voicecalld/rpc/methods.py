"""Every method of the control socket: the one place where the interface is written down.

The manual page voicecall-rpc(7) is made from this table, and tests hold the daemon to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from voicecalld.errors import (
    AlreadySubscribedError,
    BadParameterError,
    CallBusyError,
    CallEndedError,
    CallRefusedError,
    NoReplyError,
    NoSuchCallError,
    NotConnectedError,
    NotSpokenError,
    PermissionDeniedError,
    RequestError,
    StoppingError,
    TooManyCallsError,
)

EVENT: Final = "voicecall.event"
"""The notification that a subscriber receives for everything that happens."""

ANY_METHOD: Final[tuple[type[RequestError], ...]] = (BadParameterError, PermissionDeniedError)
"""What every method may be refused with; not repeated in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of ``params`` or of a result; *type* is JSON's word for it."""

    name: str
    type: str
    sentence: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What a method does, takes, gives and may be refused with."""

    sentence: str
    params: tuple[Member, ...] = ()
    result: tuple[Member, ...] = ()
    errors: tuple[type[RequestError], ...] = ()


def always(name: str, type_: str, sentence: str) -> Member:
    """A member that is always there."""
    return Member(name=name, type=type_, sentence=sentence, required=True)


def perhaps(name: str, type_: str, sentence: str) -> Member:
    """A member that may be left out."""
    return Member(name=name, type=type_, sentence=sentence, required=False)


CALL_ID = always("callId", "string", "The call: its id here, or the carrier's.")
MESSAGE = always(
    "message",
    "string",
    "What is said: 1 to 10000 characters, a letter or a digit among them; see A message.",
)
SUCCESS = always("success", "boolean", "Always true.")
CALLS = always("calls", "array", "Calls, the newest first.")
ON_A_CALL = (NoSuchCallError, CallEndedError, NotConnectedError)

PLACING = (
    perhaps("to", "string", "Who is called, in E.164; else the setting to_number."),
    perhaps("mode", "string", "notify or conversation; else the setting outbound.default_mode."),
    perhaps("provider", "string", "With which carrier, one of daemon.info's; else the setting."),
)

METHODS: Final[Mapping[str, Method]] = {
    "voicecall.initiate": Method(
        sentence="Places a call, and says the message when it is answered.",
        params=(
            MESSAGE,
            *PLACING,
            perhaps(
                "idempotencyKey",
                "string",
                "Names this order, 1 to 200 characters: the same key never dials twice.",
            ),
        ),
        result=(
            always("callId", "string", "The call that was placed, now or earlier with this key."),
            always("initiated", "boolean", "Always true."),
        ),
        errors=(TooManyCallsError, StoppingError, CallRefusedError, CallEndedError),
    ),
    "voicecall.continue": Method(
        sentence=(
            "Says the message on a call, and waits for the other party's next words; what they "
            "add before our side speaks again is only noted, for the time of the setting "
            "turn.silence_timeout_seconds, and then goes to the agent as usual."
        ),
        params=(CALL_ID, MESSAGE),
        result=(
            SUCCESS,
            always("transcript", "string", "What the other party said."),
            perhaps("digits", "string", "The keys that the other party pressed."),
        ),
        errors=(*ON_A_CALL, CallBusyError, NoReplyError, NotSpokenError),
    ),
    "voicecall.speak": Method(
        sentence="Says the message on a call, and answers when it has been heard.",
        params=(CALL_ID, MESSAGE),
        result=(
            SUCCESS,
            always("heard", "string", "The words that the other party heard."),
            always("interrupted", "boolean", "Whether the other party cut the message short."),
        ),
        errors=(*ON_A_CALL, CallBusyError, NotSpokenError),
    ),
    "voicecall.dtmf": Method(
        sentence="Presses keys on a call.",
        params=(
            CALL_ID,
            always("digits", "string", "1 to 64 of 0-9 * #, and w for half a second's wait."),
        ),
        result=(SUCCESS,),
        errors=(*ON_A_CALL, CallRefusedError),
    ),
    "voicecall.end": Method(
        sentence="Hangs a call up; a call that is over stays so, and that is no error.",
        params=(CALL_ID,),
        result=(SUCCESS,),
        errors=(NoSuchCallError, CallRefusedError),
    ),
    "voicecall.status": Method(
        sentence="One call, living or over; without callId all living calls.",
        params=(perhaps("callId", "string", CALL_ID.sentence),),
        result=(
            perhaps("found", "boolean", "Whether there is such a call; only with callId."),
            perhaps("call", "object", "The call; only if it was found."),
            perhaps("calls", "array", "The living calls, newest first; only without callId."),
        ),
    ),
    "voicecall.list": Method(
        sentence="The latest calls, finished ones too.",
        params=(perhaps("limit", "integer", "How many at most, 1 to 1000; else 20."),),
        result=(CALLS,),
    ),
    "voicecall.transcript": Method(
        sentence="What was said and heard on a call, in order.",
        params=(CALL_ID,),
        result=(
            always("callId", "string", "The call's id here."),
            always("utterances", "array", "What was said, the first first."),
        ),
        errors=(NoSuchCallError,),
    ),
    "voicecall.latency": Method(
        sentence="How long callers waited for answers, turn by turn and stage by stage.",
        params=(
            perhaps(
                "last",
                "integer",
                "How many calls that had turns, 1 to 1000, else 20; "
                "with callId how many turns, else 200.",
            ),
            perhaps("callId", "string", "Only turns of this call."),
        ),
        result=(
            always(
                "turns",
                "array",
                "The turns, newest last, without callId the latest 1000 at most, "
                "each with callId and provider of its call.",
            ),
            always("stages", "object", "For each stage its count, p50, p95 and p99 in ms."),
            perhaps(
                "calls",
                "array",
                "The calls of these turns, each with callId, provider and the number of its "
                "turns; only without callId.",
            ),
            perhaps(
                "carriers",
                "object",
                "For each carrier the numbers of calls and turns, and stages as above; "
                "only without callId.",
            ),
        ),
        errors=(NoSuchCallError,),
    ),
    "voicecall.timeline": Method(
        sentence="Who spoke when on a call, what was cut short, where the time of answers went.",
        params=(CALL_ID,),
        result=(
            always("call", "object", "The call."),
            always("utterances", "array", "What was said, the first first."),
            always("interruptions", "array", "When the other party cut us short: at."),
            always("keys", "array", "Keys: at, digits, and direction, which is in or out."),
            always("turns", "array", "Our answers, the newest last, 1000 at most."),
        ),
        errors=(NoSuchCallError,),
    ),
    "voicecall.subscribe": Method(
        sentence="From now on everything that happens is told in notifications voicecall.event.",
        params=(
            perhaps(
                "since",
                "integer",
                "The number of an event; the stored ones after it come first, none is missed.",
            ),
        ),
        result=(
            always("subscribed", "boolean", "Always true."),
            always("lastEvent", "integer", "The number of the latest event; 0 before the first."),
        ),
        errors=(AlreadySubscribedError,),
    ),
    "voice_call": Method(
        sentence=(
            "The agents' tool: does what its action says, and answers as that method does; "
            "whatever goes wrong is told in the member error."
        ),
        params=(
            always(
                "action",
                "string",
                "initiate_call, continue_call, speak_to_user, send_dtmf, end_call or get_status.",
            ),
            perhaps("message", "string", "To initiate_call, continue_call and speak_to_user."),
            *PLACING,
            perhaps("idempotencyKey", "string", "To initiate_call."),
            perhaps("callId", "string", "To every action but initiate_call."),
            perhaps("digits", "string", "To send_dtmf."),
        ),
        result=(perhaps("error", "string", "What went wrong; then there is nothing else."),),
    ),
    "daemon.info": Method(
        sentence="Which daemon this is, and how it is doing.",
        result=(
            always("name", "string", "Always voicecalld."),
            always("version", "string", "The daemon's version."),
            always("pid", "integer", "Its process."),
            always("provider", "string", "The carrier that calls are placed with by default."),
            always("carriers", "array", "All carriers that calls can be placed with, by name."),
            always("startedAt", "string", "When it started, in ISO 8601."),
            always("uptimeSeconds", "number", "How long ago that was."),
            always("socket", "string", "The path of this socket."),
            perhaps(
                "address",
                "string",
                "The address and port that it listens at for carriers, as host:port; "
                "not with mock.",
            ),
            perhaps(
                "webhooks",
                "object",
                "The URL that each carrier calls, by the carrier's name; not with mock.",
            ),
            always("calls", "object", "The number of living calls, as live."),
            always("lastEvent", "integer", "The number of the latest event."),
        ),
    ),
    "daemon.health": Method(
        sentence="Whether the daemon and what it needs for calls work, as far as is known.",
        result=(
            always("status", "string", "Whether all below works: ok, or degraded."),
            always(
                "services",
                "object",
                "The synthesizer, the transcriber and the agent, each with its provider, its "
                "state, which is ok, failing or not started, since, the numbers of its successes "
                "and failures, and the reason unless it is ok. Without a success, ok says no more "
                "than that it can be reached.",
            ),
            always(
                "carriers",
                "object",
                "For each carrier refusedWebhooks, the number of webhooks in its name that were "
                "not let in, and its webhook's URL; not with mock.",
            ),
            always("journal", "object", "Its status, ok or failing, and then the reason."),
            always("config", "string", "The file with the settings; empty if there is none."),
            always("calls", "object", "The number of living calls, as live."),
        ),
    ),
    "mock.ring": Method(
        sentence=(
            "Calls the daemon as a caller would, and answers when the call is over; "
            "only with provider mock, else there is no such method."
        ),
        params=(
            always("from", "string", "Who calls, in E.164, or anonymous."),
            perhaps("to", "string", "The number that was dialled; else the setting from_number."),
            perhaps("say", "string", "What the caller says; exactly one of say, wav, script."),
            perhaps("wav", "string", "The absolute path of the caller's sound."),
            perhaps("script", "string", "The absolute path of the caller's script."),
            perhaps("record", "string", "The absolute path of a WAV file to write."),
        ),
        result=(
            always("accepted", "boolean", "Whether the daemon took the call."),
            perhaps("callId", "string", "The call."),
            perhaps("endReason", "string", "Why the call is over."),
            perhaps("reason", "string", "Why the call was not taken."),
        ),
    ),
}
