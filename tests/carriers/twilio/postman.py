"""Sends Twilio's webhooks: signed by Twilio's own library, repeated, doubled, late, or lost."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import trio
from twilio.request_validator import RequestValidator

from tests.carriers.ledger import WebhookEntry
from tests.carriers.outside import NoAnswerError
from tests.carriers.twilio.services import Services
from voicecalld.provider.http import HttpRequest, HttpResponse

LONGEST_WAIT_S = 15.0  # for a whole answer
CONNECT_TRIES = 2
# What "out of order" waits for the next one at most, so that a last one gets away too.
REORDER_S = 2.0


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """The value of X-Twilio-Signature."""
    return str(RequestValidator(auth_token).compute_signature(url, dict(fields)))


def build_request(
    auth_token: str, method: str, url: str, fields: Mapping[str, str], token: str
) -> HttpRequest:
    """One webhook; a fragment of its URL is neither sent nor signed."""
    url = urlsplit(url)._replace(fragment="").geturl()
    if method == "GET":
        url += ("&" if urlsplit(url).query else "?") + urlencode(fields)
        fields = {}
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": token,
        "X-Twilio-Signature": sign(auth_token, url, fields),
    }
    if method == "GET":
        return HttpRequest(method=method, url=url, headers=headers)
    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return HttpRequest(method=method, url=url, headers=headers, body=urlencode(fields).encode())


class Postman:
    """The webhooks of one call."""

    def __init__(self, services: Services, call_sid: str) -> None:
        self._services = services
        self._call_sid = call_sid
        self._statuses = 0
        self._sent: defaultdict[int, trio.Event] = defaultdict(trio.Event)

    async def ask(self, url: str, method: str, fields: Mapping[str, str]) -> HttpResponse | None:
        """Ask for a document; None: there is no answer that can be used."""
        response = await self._deliver("asks", url, method, fields)
        faults, services = self._services.faults, self._services
        if response is not None and services.replies_lost < faults.replies_lost:
            services.replies_lost += 1
            token = services.ledger.webhooks_of(self._call_sid, "asks")[-1].token
            return await self._deliver("asks", url, method, fields, token=token)
        return response

    def report(self, event: str, url: str, fields: Mapping[str, str]) -> None:
        """Report something, without waiting; reports of one call go out in order."""
        number = self._statuses
        self._statuses += 1
        self._services.ledger.reports_under_way += 1
        self._services.nursery.start_soon(self._send_report, number, event, url, fields)

    async def _send_report(
        self, number: int, event: str, url: str, fields: Mapping[str, str]
    ) -> None:
        ledger, faults = self._services.ledger, self._services.faults
        await self._wait_turn(number)
        await trio.sleep(faults.statuses_late_s)
        if event in faults.statuses_lost:
            ledger.note(self._call_sid, f"webhook {event} gets lost")
        else:
            await self._deliver(event, url, "POST", fields)
        self._sent[number].set()
        ledger.reports_under_way -= 1
        ledger.touch()

    async def _wait_turn(self, number: int) -> None:
        if not self._services.faults.statuses_reordered:
            if number > 0:
                await self._sent[number - 1].wait()
        elif number % 2 == 0:
            with trio.move_on_after(REORDER_S):
                await self._sent[number + 1].wait()

    async def _deliver(
        self, event: str, url: str, method: str, fields: Mapping[str, str], token: str = ""
    ) -> HttpResponse | None:
        request = build_request(
            self._services.auth_token, method, url, fields, token or str(uuid.uuid4())
        )
        copies = 2 if self._services.faults.webhooks_doubled else 1
        answers: list[HttpResponse | None] = []

        async def send() -> None:
            answers.append(await self._send(event, request, fields))

        async with trio.open_nursery() as nursery:
            for _ in range(copies):
                nursery.start_soon(send)
        if len({(answer.status, answer.body) for answer in answers if answer}) > 1:
            self._complain(11200, "the same webhook was answered in two ways")
        return answers[0]

    async def _send(
        self, event: str, request: HttpRequest, fields: Mapping[str, str]
    ) -> HttpResponse | None:
        entry = WebhookEntry(
            call=self._call_sid,
            event=event,
            url=request.url,
            fields=fields,
            token=request.headers["I-Twilio-Idempotency-Token"],
        )
        self._services.ledger.webhooks.append(entry)
        response = await self._try(request)
        if response is not None:
            entry.status, entry.body = response.status, response.body
        self._services.ledger.note(self._call_sid, f"webhook {event}: {entry.status}")
        if response is None or not 200 <= response.status < 300:
            code = 11200 if event == "asks" else 15003
            self._complain(code, f"webhook {event} was answered with {entry.status}")
            return None
        return response

    async def _try(self, request: HttpRequest) -> HttpResponse | None:
        for _ in range(CONNECT_TRIES):
            try:
                with trio.fail_after(LONGEST_WAIT_S):
                    return await self._services.outside.request(request)
            except trio.TooSlowError:
                return None
            except NoAnswerError as problem:
                self._services.ledger.note(self._call_sid, str(problem))
                if problem.connected:
                    return None
        return None

    def _complain(self, code: int, text: str) -> None:
        self._services.ledger.complain(self._call_sid, code, text)
