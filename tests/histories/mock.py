"""The mock carrier's notices, documents and REST API."""

import json

from tests.histories.dialect import Asked, Dialect, Leg, Letter, Verb
from tests.histories.history import News
from tests.security.mock import MOCK as CARRIER
from tests.security.mock import render_notice
from voicecalld.call.events import EndReason
from voicecalld.provider.http import HttpRequest, HttpResponse

EVENTS = {
    News.ANNOUNCED: "initiated",
    News.RENEWED: "initiated",
    News.INITIATED: "initiated",
    News.RINGING: "ringing",
    News.ANSWERED: "answered",
    News.ENDED: "ended",
}


def write(leg: Leg, news: News) -> Letter | None:
    if leg.is_inbound and news is News.ANSWERED and not leg.token:
        return None  # it was not told to answer
    fields = {"event": EVENTS[news], "id": f"{news} of {leg.name}"}
    if not leg.is_inbound:
        fields |= {"direction": "outbound", "callId": leg.states["call"]}
    if news is News.ENDED:
        fields["reason"] = leg.ending
    asks = (EVENTS[news] == "initiated") if leg.is_inbound else news is News.ANSWERED
    return Letter(url=leg.hook, body=render_notice(leg.name, **fields), asks=asks)


def mark(leg: Leg, call_id: str) -> None:
    leg.states["call"] = call_id


def read_request(request: HttpRequest) -> Asked:
    name = request.url.partition("/calls/")[2]
    match request.method:
        case "POST" if not name:
            fields = json.loads(request.body)

            def note(leg: Leg) -> None:
                leg.hook = fields["webhookUrl"]
                mark(leg, fields["callId"])

            return Asked(verb=Verb.DIAL, note=note)
        case "DELETE":
            return Asked(verb=Verb.HANG_UP, name=name)
        case _:
            return Asked(verb=Verb.COMMAND, name=name.partition("/")[0])


def read_answer(leg: Leg, document: bytes) -> None:
    match json.loads(document):
        case {"do": "connect", "token": str(token)}:
            leg.token = token
        case {"do": "reject" | "hang-up"}:
            leg.is_alive = False
        case _:
            pass


MOCK = Dialect(
    name="mock",
    carrier=CARRIER,
    outbound=(News.INITIATED, News.RINGING, News.ANSWERED, News.ENDED),
    inbound=(News.ANNOUNCED, News.ANSWERED, News.ENDED, News.RENEWED),
    endings={
        "completed": EndReason.COMPLETED,
        "hangup-user": EndReason.HANGUP_USER,
        "busy": EndReason.BUSY,
        "rejected": EndReason.BUSY,
        "no-answer": EndReason.NO_ANSWER,
        "failed": EndReason.FAILED,
        "voicemail": EndReason.VOICEMAIL,
        "timeout": EndReason.TIMEOUT,
    },
    write=write,
    read_request=read_request,
    read_answer=read_answer,
    placed=lambda leg: HttpResponse(status=201, body=json.dumps({"id": leg.name}).encode()),
    done=HttpResponse(status=204),
    gone=HttpResponse(status=404, body=b'{"error": "there is no such call"}'),
    describe=lambda _leg: HttpResponse(status=404),
    mark=mark,
    looked=lambda _ending: None,
    has_own_voice=False,
)
