"""Twilio's webhooks, documents and REST API."""

import json
from urllib.parse import parse_qs

from tests.histories.dialect import Asked, Dialect, Leg, Letter, Verb
from tests.histories.documents import find_next, mark_hook, read_document
from tests.histories.history import News
from tests.security.twilio import TWILIO as CARRIER
from tests.security.twilio import fields_of, read_token
from voicecalld.call.events import EndReason
from voicecalld.provider.http import HttpRequest, HttpResponse

ENDINGS = {
    "completed": EndReason.HANGUP_USER,
    "busy": EndReason.BUSY,
    "no-answer": EndReason.NO_ANSWER,
    "failed": EndReason.FAILED,
    "canceled": EndReason.NO_ANSWER,
}

STATUSES = {
    News.INITIATED: ("0", "initiated"),
    News.RINGING: ("1", "ringing"),
    News.NOTED: ("2", "in-progress"),
}


def write(leg: Leg, news: News) -> Letter | None:
    direction = "inbound" if leg.is_inbound else "outbound-api"
    match news:
        case News.ANNOUNCED:
            return ask(leg, leg.hook, CallStatus="ringing", Direction=direction)
        case News.RENEWED:
            fields = {"CallStatus": "ringing", "Direction": direction, "CallerZip": "12345"}
            return ask(leg, leg.hook, **fields)
        case News.ANSWERED if leg.asks_at_answer:
            return ask(leg, leg.hook, CallStatus="in-progress", Direction=direction)
        case News.ASKED if leg.next_url:
            fields = {"CallStatus": "in-progress", "Direction": direction, "SpeechResult": "Yes."}
            return ask(leg, leg.next_url, **fields)
        case News.MACHINE:
            fields = {"AnsweredBy": "machine_start", "MachineDetectionDuration": "1000"}
            return Letter(url=leg.hook, body=detected(leg.name, **fields))
        case News.ENDED:
            return report(leg, "3", leg.ending, direction)
        case News.INITIATED | News.RINGING | News.NOTED:
            return report(leg, *STATUSES[news], direction)
        case _:
            return None


def ask(leg: Leg, url: str, **fields: str) -> Letter:
    return Letter(url=url, body=fields_of(leg.name, **fields), asks=True)


def report(leg: Leg, number: str, status: str, direction: str) -> Letter:
    fields = {"CallbackSource": "call-progress-events", "SequenceNumber": number}
    body = fields_of(leg.name, CallStatus=status, Direction=direction, **fields)
    return Letter(url=leg.hook, body=body)


def detected(call: str, **fields: str) -> bytes:
    """The result of machine detection, which tells neither direction nor parties."""
    pairs = fields_of(call, **fields).split(b"&")
    return b"&".join(p for p in pairs if p.split(b"=")[0] not in {b"Direction", b"From", b"To"})


def read_request(request: HttpRequest) -> Asked:
    name = request.url.partition("/Calls/")[2].removesuffix(".json")
    fields = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
    match fields:
        case _ if request.method == "GET":
            return Asked(verb=Verb.LOOK, name=name)
        case _ if not name:
            return Asked(verb=Verb.DIAL, note=lambda leg: note_order(leg, fields))
        case {"Status": "completed"}:
            return Asked(verb=Verb.HANG_UP, name=name)
        case _:

            def note(leg: Leg) -> None:
                leg.next_url = fields["Url"]

            return Asked(verb=Verb.COMMAND, name=name, note=note)


def note_order(leg: Leg, fields: dict[str, str]) -> None:
    leg.hook = fields["StatusCallback"]
    leg.asks_at_answer = "Url" in fields
    leg.next_url = find_next(fields["Twiml"].encode()) if "Twiml" in fields else ""


def read_answer(leg: Leg, document: bytes) -> None:
    read_document(leg, document, read_token(document) if b"<Stream" in document else "")


def describe(leg: Leg) -> HttpResponse:
    status = "in-progress" if leg.is_alive else leg.ending
    body = json.dumps({"sid": leg.name, "status": status}).encode()
    return HttpResponse(status=200, body=body)


TWILIO = Dialect(
    name="twilio",
    carrier=CARRIER,
    outbound=(
        News.INITIATED,
        News.RINGING,
        News.NOTED,
        News.ANSWERED,
        News.MACHINE,
        News.ASKED,
        News.ASKED,
        News.ENDED,
    ),
    inbound=(News.ANNOUNCED, News.ASKED, News.ASKED, News.ENDED, News.RENEWED),
    endings=ENDINGS,
    write=write,
    read_request=read_request,
    read_answer=read_answer,
    placed=lambda leg: HttpResponse(status=201, body=describe(leg).body),
    done=HttpResponse(status=200, body=b'{"status": "completed"}'),
    gone=HttpResponse(status=400, body=b'{"code": 21220, "message": "not in-progress"}'),
    describe=describe,
    mark=mark_hook,
    looked=ENDINGS.__getitem__,
)
