"""Sends a carrier's webhooks: in order, repeated, doubled, late, or lost."""

import uuid
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import trio

from tests.carriers.ledger import WebhookEntry
from tests.carriers.outside import NoAnswerError
from tests.carriers.services import Services
from voicecalld.provider.http import HttpRequest, HttpResponse

# What "out of order" waits for the next one at most, so that a last one gets away too.
REORDER_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One webhook; the token stays the same when it is sent again.

    ``body`` is for carriers whose webhooks are no forms: whatever they send instead of the fields.
    """

    event: str
    method: str
    url: str
    fields: Mapping[str, Any]
    body: bytes = b""
    token: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one try may take as a whole, and after what how many more are made.

    ``waits_s`` are the pauses before the second, third, ... try; without one there is none.
    """

    longest_s: float
    tries: int = 2
    waits_s: tuple[float, ...] = ()
    after_no_connection: bool = True
    after_silence: bool = False
    after_statuses: frozenset[int] = frozenset()  # hundreds: 4, 5


class Postman(ABC):
    """The webhooks of one call."""

    asks_code = 11200
    """What the carrier's debugger says of a document that does not come."""
    reports_code = 15003
    """What it says of a report that is not taken."""

    def __init__(self, services: Services, call: str) -> None:
        self.services = services
        self.call = call
        self._reports = 0
        self._sent: defaultdict[int, trio.Event] = defaultdict(trio.Event)

    @abstractmethod
    def build(self, letter: Letter) -> tuple[HttpRequest, str]:
        """One delivery as a request, and what tells it from others."""

    @abstractmethod
    def patience(self, letter: Letter) -> Patience:
        """How hard the carrier tries to deliver *letter*."""

    async def ask(self, url: str, method: str, fields: Mapping[str, str]) -> HttpResponse | None:
        """Ask for a document; None: there is no answer that can be used."""
        letter = Letter(event="asks", method=method, url=url, fields=fields)
        response = await self._deliver(letter)
        services = self.services
        if response is not None and services.replies_lost < services.faults.replies_lost:
            services.replies_lost += 1
            return await self._deliver(letter)
        return response

    def report(
        self, event: str, url: str, fields: Mapping[str, str], *, method: str = "POST"
    ) -> None:
        """Report something, without waiting; reports of one call go out in order."""
        self.post(Letter(event=event, method=method, url=url, fields=fields))

    def post(self, letter: Letter) -> None:
        """Send a report, without waiting; reports of one call go out in order."""
        number = self._reports
        self._reports += 1
        self.services.ledger.reports_under_way += 1
        self.services.nursery.start_soon(self._send_report, number, letter)

    async def _send_report(self, number: int, letter: Letter) -> None:
        ledger, faults = self.services.ledger, self.services.faults
        await self._wait_turn(number)
        await trio.sleep(faults.statuses_late_s)
        if letter.event in faults.statuses_lost:
            ledger.note(self.call, f"webhook {letter.event} gets lost")
        else:
            await self._deliver(letter)
        self._sent[number].set()
        ledger.reports_under_way -= 1
        ledger.touch()

    async def _wait_turn(self, number: int) -> None:
        if not self.services.faults.statuses_reordered:
            if number > 0:
                await self._sent[number - 1].wait()
        elif number % 2 == 0:
            with trio.move_on_after(REORDER_S):
                await self._sent[number + 1].wait()

    async def _deliver(self, letter: Letter) -> HttpResponse | None:
        copies = 2 if self.services.faults.webhooks_doubled else 1
        answers: list[HttpResponse | None] = []

        async def send() -> None:
            answers.append(await self._send(letter))

        async with trio.open_nursery() as nursery:
            for _ in range(copies):
                nursery.start_soon(send)
        if len({(answer.status, answer.body) for answer in answers if answer}) > 1:
            self._complain(self.asks_code, "the same webhook was answered in two ways")
        return answers[0]

    async def _send(self, letter: Letter) -> HttpResponse | None:
        """One copy, with all its tries."""
        patience = self.patience(letter)
        response, again, tries = None, True, 0
        while again and tries < patience.tries:
            tries += 1
            response, again = await self._try(letter, patience)
            if again and tries < patience.tries:
                await trio.sleep(dict(enumerate(patience.waits_s, 1)).get(tries, 0.0))
        if response is None or not 200 <= response.status < 300:
            code = self.asks_code if letter.event == "asks" else self.reports_code
            how = "not answered" if response is None else f"answered with {response.status}"
            self._complain(code, f"webhook {letter.event} was {how}")
            return None
        return response

    async def _try(self, letter: Letter, patience: Patience) -> tuple[HttpResponse | None, bool]:
        """The answer to one try, and whether there is reason for another."""
        request, token = self.build(letter)
        entry = WebhookEntry(
            call=self.call, event=letter.event, url=request.url, fields=letter.fields, token=token
        )
        ledger = self.services.ledger
        ledger.webhooks.append(entry)
        ledger.touch()
        try:
            with trio.fail_after(patience.longest_s):
                response = await self.services.outside.request(request)
        except trio.TooSlowError:
            ledger.note(self.call, f"webhook {letter.event} is not answered in time")
            return None, patience.after_silence
        except NoAnswerError as problem:
            ledger.note(self.call, str(problem))
            again = patience.after_silence if problem.connected else patience.after_no_connection
            return None, again
        entry.status, entry.body = response.status, response.body
        ledger.note(self.call, f"webhook {letter.event}: {entry.status}")
        return response, response.status // 100 in patience.after_statuses

    def _complain(self, code: int, text: str) -> None:
        self.services.ledger.complain(self.call, code, text)
