"""Telnyx's events, and the commands that it takes."""

import json
from base64 import b64encode
from urllib.parse import unquote

from tests.histories.dialect import Asked, Dialect, Leg, Letter, Verb
from tests.histories.history import News
from tests.security.telnyx import TELNYX as CARRIER
from tests.security.telnyx import read_token, render_event
from voicecalld.call.events import EndReason
from voicecalld.provider.http import HttpRequest, HttpResponse

EVENTS = {
    News.ANNOUNCED: "call.initiated",
    News.RENEWED: "call.initiated",
    News.INITIATED: "call.initiated",
    News.ANSWERED: "call.answered",
    News.MACHINE: "call.machine.detection.ended",
    News.SPOKEN: "call.speak.ended",
    News.HEARD: "call.transcription",
    News.STREAM_LOST: "streaming.stopped",
    News.ENDED: "call.hangup",
}

# Of these there may be many, each of them another event.
MANIFOLD = frozenset({News.SPOKEN, News.HEARD, News.STREAM_LOST})

ENDINGS = {
    "normal_clearing": EndReason.HANGUP_USER,
    "originator_cancel": EndReason.NO_ANSWER,
    "timeout": EndReason.NO_ANSWER,
    "user_busy": EndReason.BUSY,
    "call_rejected": EndReason.FAILED,
    "not_found": EndReason.FAILED,
    "unspecified": EndReason.FAILED,
    "time_limit": EndReason.TIMEOUT,
    "never_heard_of": EndReason.FAILED,
}


def write(leg: Leg, news: News) -> Letter | None:
    if not is_possible(leg, news):
        return None
    more: dict[str, object] = {}
    match news:
        case News.MACHINE:
            more = {"result": "machine"}
        case News.ENDED:
            more = {"hangup_cause": leg.ending}
        case News.HEARD:
            said = {"transcript": "Yes.", "is_final": True, "transcription_track": "inbound"}
            more = {"transcription_data": said}
        case _:
            pass
    direction = "incoming" if leg.is_inbound else "outgoing"
    state = leg.states.get(news, leg.states.get("")) or None
    body = render_event(EVENTS[news], leg.name, direction=direction, client_state=state, **more)
    event = json.loads(body)
    if news is News.RENEWED:
        event["data"]["id"] += "-renewed"
    if news in MANIFOLD:
        leg.states["count"] = leg.states.get("count", "") + "1"
        event["data"]["id"] += f"-{len(leg.states['count'])}"
    asks = news in {News.ANNOUNCED, News.RENEWED, News.ANSWERED}
    return Letter(url=leg.hook, body=json.dumps(event).encode(), asks=asks)


def is_possible(leg: Leg, news: News) -> bool:
    """Whether the carrier was told to do what it would tell of."""
    match news:
        case News.ANSWERED:
            return not leg.is_inbound or "" in leg.states
        case News.SPOKEN | News.HEARD:
            return news in leg.states
        case News.STREAM_LOST:
            return bool(leg.token)
        case _:
            return True


def mark(leg: Leg, call_id: str) -> None:
    document = {"call": call_id, "turn": ""}
    leg.states[""] = b64encode(json.dumps(document).encode()).decode()


# Under which news the state of a command is echoed for certain; all others echo the newest.
ECHOES = {"speak": News.SPOKEN, "transcription_start": News.HEARD}


def read_request(request: HttpRequest) -> Asked:
    path = request.url.partition("/v2/calls")[2]
    name, _, verb = unquote(path.removeprefix("/")).partition("/actions/")
    if request.method == "GET":
        return Asked(verb=Verb.LOOK, name=name)
    fields = json.loads(request.body)
    if verb in {"hangup", "reject"}:
        return Asked(verb=Verb.HANG_UP, name=name)

    def note(leg: Leg) -> None:
        leg.hook = fields.get("webhook_url", leg.hook)
        if "client_state" in fields:
            state = fields["client_state"]
            leg.states |= {"": state, ECHOES.get(verb, ""): state}
        if verb == "streaming_start":
            leg.token = read_token(request.body)

    kind = Verb.COMMAND if verb else Verb.DIAL
    return Asked(verb=kind, name=name, once=fields.get("command_id", ""), note=note)


def describe(leg: Leg) -> HttpResponse:
    end = None if leg.is_alive else "2026-01-01T00:00:00Z"
    fields = {"call_control_id": leg.name, "is_alive": leg.is_alive, "end_time": end}
    return HttpResponse(status=200, body=json.dumps({"data": fields}).encode())


TELNYX = Dialect(
    name="telnyx",
    carrier=CARRIER,
    outbound=(
        News.INITIATED,
        News.ANSWERED,
        News.MACHINE,
        News.SPOKEN,
        News.HEARD,
        News.STREAM_LOST,
        News.ENDED,
    ),
    inbound=(
        News.ANNOUNCED,
        News.ANSWERED,
        News.SPOKEN,
        News.HEARD,
        News.STREAM_LOST,
        News.ENDED,
        News.RENEWED,
    ),
    endings=ENDINGS,
    write=write,
    read_request=read_request,
    read_answer=lambda _leg, _document: None,
    placed=describe,
    done=HttpResponse(status=200, body=b'{"data": {"result": "ok"}}'),
    gone=HttpResponse(
        status=422, body=b'{"errors": [{"code": "90018", "title": "Call has already ended"}]}'
    ),
    describe=describe,
    mark=mark,
    looked=lambda _ending: EndReason.HANGUP_USER,
    takes_commands=True,
    late=frozenset({News.ENDED, News.SPOKEN, News.HEARD, News.STREAM_LOST}),
)
