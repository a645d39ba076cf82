"""Plivo's webhooks, documents and REST API."""

import json

from tests.histories.dialect import Asked, Dialect, Leg, Letter, Verb
from tests.histories.documents import mark_hook, read_document
from tests.histories.history import News
from tests.security.plivo import PLIVO as CARRIER
from tests.security.plivo import fields_of, read_token
from voicecalld.call.events import EndReason
from voicecalld.provider.http import HttpRequest, HttpResponse

ENDINGS = {
    "completed": EndReason.HANGUP_USER,
    "busy": EndReason.BUSY,
    "no-answer": EndReason.NO_ANSWER,
    "timeout": EndReason.NO_ANSWER,
    "failed": EndReason.FAILED,
    "cancel": EndReason.NO_ANSWER,
}
CODES = {
    "completed": 4000,
    "busy": 3010,
    "no-answer": 3000,
    "timeout": 3000,
    "failed": 2000,
    "cancel": 1000,
}


def write(leg: Leg, news: News) -> Letter | None:
    match news:
        case News.ANNOUNCED:
            return letter(leg, leg.hook, "StartApp", "ringing", asks=True)
        case News.RENEWED:
            return letter(leg, leg.hook, "StartApp", "ringing", asks=True, ForwardedFrom="1555")
        case News.RINGING:
            return letter(leg, leg.hook, "Ring", "ringing")
        case News.ANSWERED:
            return letter(leg, leg.hook, "StartApp", "in-progress", asks=True)
        case News.MACHINE:
            return letter(leg, leg.hook, "MachineDetection", "in-progress", Machine="true")
        case News.ASKED if leg.next_url:
            fields = {"InputType": "speech", "Speech": "Yes."}
            return letter(leg, leg.next_url, "Redirect", "in-progress", asks=True, **fields)
        case News.ENDED:
            return letter(leg, leg.hook, "Hangup", leg.ending)
        case _:
            return None


def letter(
    leg: Leg, url: str, event: str, status: str, *, asks: bool = False, **more: str
) -> Letter:
    fields = {"Event": event, "CallStatus": status, **more}
    if not leg.is_inbound:
        names = {"ALegUUID": leg.name, "ALegRequestUUID": leg.order, "RequestUUID": leg.order}
        fields |= {"Direction": "outbound", **names}
    return Letter(url=url, body=fields_of(leg.name, **fields), asks=asks)


def read_request(request: HttpRequest) -> Asked:
    _, resource, name, *_ = request.url.partition("/Account/")[2].split("/")
    match request.method, resource:
        case "GET", _:
            return Asked(verb=Verb.LOOK, name=name)
        case "DELETE", "Request":
            return Asked(verb=Verb.CANCEL, name=name)
        case "DELETE", _:
            return Asked(verb=Verb.HANG_UP, name=name)
        case _:
            fields = json.loads(request.body)
            verb = Verb.COMMAND if name else Verb.DIAL

            def note(leg: Leg) -> None:
                leg.hook = fields.get("answer_url", leg.hook)
                leg.next_url = fields.get("aleg_url", leg.next_url)

            return Asked(verb=verb, name=name, note=note)


def read_answer(leg: Leg, document: bytes) -> None:
    read_document(leg, document, read_token(document) if b"<Stream" in document else "")


def describe(leg: Leg) -> HttpResponse:
    if leg.is_alive:
        return PLIVO.gone
    fields = {"end_time": "2026-01-01 00:00:00", "hangup_cause_code": CODES[leg.ending]}
    return HttpResponse(status=200, body=json.dumps(fields).encode())


PLIVO = Dialect(
    name="plivo",
    carrier=CARRIER,
    outbound=(
        News.RINGING,
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
    placed=lambda leg: HttpResponse(
        status=201, body=json.dumps({"request_uuid": leg.order}).encode()
    ),
    done=HttpResponse(status=204),
    gone=HttpResponse(status=404, body=b'{"error": "call not found"}'),
    describe=describe,
    mark=mark_hook,
    looked=ENDINGS.__getitem__,
    has_order_names=True,
)
