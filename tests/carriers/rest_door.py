"""The way into a carrier's REST API: which requests are obeyed, and how they are answered."""

import base64
import binascii
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

import trio

from tests.carriers.faults import NOT_OBEYED, Answering, Faults, fate
from tests.carriers.http_server import Answered
from tests.carriers.services import Services
from voicecalld.provider.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request is about: ``call`` is the carrier's id of one, if it names any.

    ``what`` is how the ledger tells it; ``command`` names an update, if the carrier names them.
    """

    kind: Literal["dial", "update", "fetch"]
    what: str
    call: str = ""
    command: str = ""


class RestDoor(ABC):
    """Obeys requests, or does with them what the faults say."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._asked: Counter[tuple[str, str]] = Counter()

    @abstractmethod
    def read(self, request: HttpRequest) -> Asked:
        """What *request* is about, whether or not it is well-formed."""

    @abstractmethod
    def obey(self, request: HttpRequest) -> HttpResponse:
        """Do what *request* says, or refuse it in the carrier's words."""

    @abstractmethod
    def refuse(self, request: HttpRequest, how: Answering) -> HttpResponse:
        """The answer to a request that a fault lets nobody obey."""

    async def answer(self, request: HttpRequest) -> Answered:
        """Answer one request."""
        asked = self.read(request)
        number = self._find_own(request, asked)
        faults = self.services.of_call(number).faults
        how = self._choose_fault(asked, faults, number)
        spoiled = how in NOT_OBEYED
        response = self.refuse(request, how) if spoiled else self.obey(request)
        if how is Answering.TOO_MANY and faults.retry_after:
            headers = {**response.headers, "retry-after": faults.retry_after}
            response = replace(response, headers=headers)
        told = f"{asked.what}: {response.status}"
        ledger = self.services.ledger
        ledger.requests.append(told)
        ledger.note(asked.call, told if how is Answering.WELL else f"{told}, {how}")
        if how is Answering.SLOW:
            await trio.sleep(faults.slow_s)
        return Answered(response=response, how=how)

    def _find_own(self, request: HttpRequest, asked: Asked) -> str:
        """The number with faults of its own that *request* is about, or nothing."""
        calls = [entry for entry in self.services.ledger.calls if entry.call == asked.call]
        numbers = {number for entry in calls for number in (entry.from_, entry.to)}
        for number in self.services.own:
            is_dialled = asked.kind == "dial" and number[1:].encode() in request.body
            if is_dialled or number in numbers:
                return number
        return ""

    def _choose_fault(self, asked: Asked, faults: Faults, number: str) -> Answering:
        kind: str = asked.kind
        fates = {"fetch": faults.fetches, "update": faults.updates, "dial": faults.dials}[kind]
        if asked.command in faults.commands:
            kind, fates = asked.command, faults.commands[asked.command]
        self._asked[number, kind] += 1
        return fate(fates, self._asked[number, kind] - 1)


def lower_names(request: HttpRequest) -> dict[str, str]:
    """The headers of *request*, with names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def decode_basic(header: str) -> str:
    """Name and password of Basic authentication, or nothing."""
    kind, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return decoded if kind == "Basic" else ""
