"""What voicecall-rpc(7) learns from the protocol: methods, error codes, states of a call."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mdoc import list_of, sentence_lines

from voicecalld.call.events import EndReason
from voicecalld.call.record import LIVE_STATES, CallState
from voicecalld.errors import RequestError
from voicecalld.rpc.jsonrpc import PROTOCOL_ERRORS
from voicecalld.rpc.methods import ANY_METHOD, METHODS, Member, Method

# A missing or surplus state is an error here, so the manual knows each of them.
STATE_SENTENCES: Final[Mapping[CallState, str]] = {
    CallState.INITIATED: "The call was placed, or has come in, and nothing rings yet.",
    CallState.RINGING: "The other party's telephone rings.",
    CallState.ANSWERED: "The call was answered, and its sound is being connected.",
    CallState.ACTIVE: "Sound goes both ways, and nobody has the floor.",
    CallState.SPEAKING: "Our side speaks.",
    CallState.LISTENING: "Our side waits for the other party's words.",
    CallState.COMPLETED: "The carrier ended the call, and did not say which side hung up.",
    CallState.HANGUP_USER: "The other party hung up.",
    CallState.HANGUP_BOT: "Our side hung up.",
    CallState.TIMEOUT: "The call lasted too long, or the other party stayed silent.",
    CallState.ERROR: "Something went wrong during the call.",
    CallState.FAILED: (
        "The call could not be set up: it was not placed, its sound was never connected, or, "
        "where the carrier tells that apart from busy, it was rejected."
    ),
    CallState.NO_ANSWER: "Nobody answered.",
    CallState.BUSY: (
        "The other party was busy; or rejected the call, where the carrier does not tell the two "
        "apart."
    ),
    CallState.VOICEMAIL: "A machine answered.",
}


def method_region() -> Iterator[str]:
    """Every method with its parameters, its result and its errors, after those of all methods."""
    codes = " and ".join(str(error.code) for error in ANY_METHOD)
    yield f"Beside the errors that it lists, every method may also be refused with {codes}; see"
    yield ".Sx ERROR CODES ."
    for name, method in METHODS.items():
        yield f".Ss {name}"
        yield from sentence_lines(method.sentence)
        yield from member_lines("Parameters:", method.params)
        yield from member_lines("Result:", method.result)
        yield from method_error_lines(method)


def member_lines(heading: str, members: Iterable[Member]) -> Iterator[str]:
    """Parameters, or members of a result."""
    described = list_of(line for member in members for line in one_member(member))
    if described:
        yield ".Pp"
        yield heading
        yield from described


def one_member(member: Member) -> Iterator[str]:
    """One parameter, or one member of a result."""
    optional = "" if member.required else " , optional"
    yield f".It Va {member.name} Pq {member.type}{optional}"
    yield from sentence_lines(member.sentence)


def method_error_lines(method: Method) -> Iterator[str]:
    """The codes that a method is refused with, beside those of every method."""
    codes = sorted(error.code for error in method.errors)
    if codes:
        yield ".Pp"
        yield f"Errors: {', '.join(map(str, codes))}."


def error_region() -> list[str]:
    """Every error code with its meaning."""
    refusals = [
        (error.code, (error.__doc__ or "").partition("\n")[0])
        for error in RequestError.__subclasses__()
    ]
    lines: list[str] = []
    # JSON-RPC's own first, which are negative; then ours.
    for code, meaning in sorted([*PROTOCOL_ERRORS.items(), *refusals]):
        lines += [f".It {code}", *sentence_lines(meaning)]
    return list_of(lines)


def state_region() -> Iterator[str]:
    """The states of a call: the living ones, then those that it ends in."""
    terminal = [CallState(reason.value) for reason in EndReason]
    assert {*STATE_SENTENCES} == LIVE_STATES | {*terminal} == {*CallState}
    yield "While it lives:"
    yield from list_of(state_lines(state for state in CallState if state in LIVE_STATES))
    yield ".Pp"
    yield "When it is over; the same word is its"
    yield ".Va endReason :"
    yield from list_of(state_lines(terminal))


def state_lines(states: Iterable[CallState]) -> Iterator[str]:
    """States with their sentences."""
    for state in states:
        yield f".It Cm {state.value}"
        yield STATE_SENTENCES[state]
