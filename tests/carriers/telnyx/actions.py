"""What the commands of Call Control do to a call."""

from collections.abc import Callable, Mapping

from tests.carriers.telnyx.call import Means, TelnyxCall
from tests.carriers.telnyx.refusal import not_answered, wrong_state
from tests.carriers.telnyx.rest_wire import (
    Fields,
    parse_digits,
    parse_gather,
    parse_speech,
    parse_stream,
    parse_transcription,
)
from tests.carriers.telnyx.wire import ODD_COMMAND

REASONS = frozenset({"CALL_REJECTED", "USER_BUSY", "NOT_FOUND", "TEMPORARILY_UNAVAILABLE"})


def answer(call: TelnyxCall, fields: Fields) -> None:
    """Take a call to the customer."""
    check_parked(call)
    if webhook_url := fields.url("webhook_url", {"http", "https"}, ""):
        call.leg.webhook_url = webhook_url
    if "stream_url" in fields.content:
        raise wrong_state("this simulator opens streams by dial and streaming_start only")
    call.take()


def reject(call: TelnyxCall, fields: Fields) -> None:
    """Do not take it."""
    check_parked(call)
    call.end(fields.choice("cause", REASONS))


def check_parked(call: TelnyxCall) -> None:
    """Refuse what is for a call to the customer that nobody has taken."""
    if not call.leg.is_incoming:
        raise wrong_state("The customer has placed this call.")
    if call.is_taken:
        raise wrong_state("This call has been answered.")


def hang_up(call: TelnyxCall, fields: Fields) -> None:
    """End it."""
    if call.means is not None:
        call.end("hung-up")
    else:
        call.end("CALL_REJECTED" if call.leg.is_incoming else "canceled")


def need_means(call: TelnyxCall) -> Means:
    """What there is to work with on a call that has been answered."""
    if call.means is None:
        raise not_answered()
    return call.means


def speak(call: TelnyxCall, fields: Fields) -> None:
    """Say a text, after those that wait unless it is to stop them."""
    speaker, text = need_means(call).speaker, parse_speech(fields)
    if "stop" in fields.content:
        speaker.stop(drops_queue=fields.choice("stop", {"current", "all"}) == "all")
    speaker.say(text)


def playback_stop(call: TelnyxCall, fields: Fields) -> None:
    """Stop saying."""
    drops_queue = fields.choice("stop", {"current", "all"}, "all") == "all"
    need_means(call).speaker.stop(drops_queue=drops_queue)


def send_dtmf(call: TelnyxCall, fields: Fields) -> None:
    """Press keys towards the other party."""
    need_means(call)
    call.leg.talking.press(parse_digits(fields))


def transcription_start(call: TelnyxCall, fields: Fields) -> None:
    """Switch the recogniser on."""
    transcriber, terms = need_means(call).transcriber, parse_transcription(fields)
    if transcriber.terms is not None:
        call.leg.complain(ODD_COMMAND, "transcription_start, though it is running")
    transcriber.terms = terms


def transcription_stop(call: TelnyxCall, fields: Fields) -> None:
    """Switch it off; what it has heard is still to come."""
    need_means(call).transcriber.terms = None


def gather(call: TelnyxCall, fields: Fields) -> None:
    """Collect keys."""
    need_means(call).gatherer.start(parse_gather(fields))


def gather_stop(call: TelnyxCall, fields: Fields) -> None:
    """Collect no more."""
    need_means(call).gatherer.stop()


def streaming_start(call: TelnyxCall, fields: Fields) -> None:
    """Open a media stream."""
    streams, terms = need_means(call).streams, parse_stream(fields)
    if streams.is_streaming:
        call.leg.complain(ODD_COMMAND, "streaming_start, though there is a stream")
    streams.start(terms)


def streaming_stop(call: TelnyxCall, fields: Fields) -> None:
    """Close it."""
    need_means(call).streams.stop(fields.text("stream_id", ""))


ACTIONS: Mapping[str, Callable[[TelnyxCall, Fields], None]] = {
    "answer": answer,
    "reject": reject,
    "hangup": hang_up,
    "speak": speak,
    "playback_stop": playback_stop,
    "send_dtmf": send_dtmf,
    "transcription_start": transcription_start,
    "transcription_stop": transcription_stop,
    "gather": gather,
    "gather_stop": gather_stop,
    "streaming_start": streaming_start,
    "streaming_stop": streaming_stop,
}
