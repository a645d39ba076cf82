"""A performance by commands without a call around it, at a carrier that a test scripts."""

import trio

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.telnyx_office import build_settings
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import CommandApi, Listen, Perform, WordsHeard
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.commanding import Task
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.overheard import Overheard
from voicecalld.switchboard.performance import Performance
from voicecalld.switchboard.services import CarrierAccess

DONE = HttpResponse(status=200, body=b'{"data": {"result": "ok"}}')
REFUSED = HttpResponse(status=422, body=b'{"errors": [{"code": "10015"}]}')
OVER = HttpResponse(status=422, body=b'{"errors": [{"code": "90018"}]}')
LISTEN = Listen(begin_s=5.0, end_s=0.7)
TEXT = "Good evening, this is the restaurant."
YES = WordsHeard(text="Yes.", is_final=True)


def start_task(task: Task) -> None:
    """Run *task* whatever becomes of the performance."""
    trio.lowlevel.spawn_system_task(task)  # noqa: TID251 - what a test breaks off must not end it


class Rehearsal(Performance):
    """A performance whose news is kept in ``told`` and ``overheard``."""

    def __init__(self, link: ScriptedLink) -> None:
        provider = build_provider(build_settings(), key=b"")
        assert provider.commands is not None
        commands: CommandApi = provider.commands
        links = Links(webhook_url="", stream_url="")
        leg = CarrierLeg(CarrierAccess(provider=provider, link=link, links=links), None)
        leg.call = ProviderCallId("v3:call")
        self.told: list[str] = []
        self.overheard: list[Overheard] = []
        super().__init__(leg, commands, CallId("id-1"), self, start_task)

    def on_spoken(self, token: str) -> None:
        self.told.append(token)

    def on_overheard(self, overheard: Overheard) -> None:
        self.overheard.append(overheard)


class SlowLink(ScriptedLink):
    """Obeys everything, with the *delays* of some commands, whether or not it is waited for."""

    def __init__(self, delays: dict[str, float]) -> None:
        super().__init__(DONE)
        self.delays = delays
        self.obeyed: list[str] = []

    async def request(self, request: HttpRequest) -> HttpResponse:
        answer = await super().request(request)
        verb = self.verbs[-1]
        await trio.sleep(self.delays.get(verb, 0.0))
        self.obeyed.append(verb)
        return answer


def perform_of(**parts: object) -> Perform:
    return Perform(**{"next_url": "u", "next_turn": "7", **parts})  # type: ignore[arg-type]  # of a test
