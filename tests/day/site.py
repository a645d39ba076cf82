"""The daemon that holds a conversation: real but for its three services and its journal."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from tests.day.conversation import Conversation
from tests.day.diary import Diary, DiaryLedger
from tests.day.ears import Ears
from tests.day.mind import Mind
from tests.day.tap import Recording
from tests.day.voices import OurVoice
from tests.day.waits import Waits
from tests.switchboard.carrier_office import CALLEE, KEY, unix_clock
from voicecalld.audio.activity import SileroModel
from voicecalld.net.carrier_link import CarrierLink
from voicecalld.net.wheel import Wheel
from voicecalld.provider.catalog import build_provider
from voicecalld.settings import Settings
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import CarrierAccess, ModelPool, Services
from voicecalld.switchboard.tokens import StreamTokens


class CountedModels(ModelPool):
    """Knows how many models are borrowed."""

    borrowed = 0

    def take(self) -> SileroModel:
        self.borrowed += 1
        return super().take()

    def give_back(self, model: SileroModel) -> None:
        self.borrowed -= 1
        super().give_back(model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A daemon at work for one conversation; ``hold`` holds it, ``recording`` is of its line."""

    switchboard: Switchboard
    reception: Reception
    journal: DiaryLedger
    waits: Waits
    voice: OurVoice
    ears: Ears
    mind: Mind
    models: CountedModels

    @property
    def diary(self) -> Diary:
        return self.journal.diary


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A site, and the two things that are each carrier's own."""

    site: Site
    hold: Callable[[], Awaitable[Recording]]


def build_site(
    conversation: Conversation, settings: Settings, link: CarrierLink, links: Links
) -> Site:
    """A daemon that can hold *conversation* at the carrier of the *settings*."""
    access = CarrierAccess(provider=build_provider(settings, key=KEY), link=link, links=links)
    diary, waits, models = Diary(), Waits(), CountedModels()
    journal, ears = DiaryLedger(diary), Ears(conversation.hearing, waits)
    voice = OurVoice(waits, hoarse=conversation.hoarse)
    mind = Mind(waits, conversation.replies, diary.on_asked)
    services = Services(
        settings=settings,
        carriers={access.name: access},
        tokens=StreamTokens(KEY, unix_clock),
        journal=journal,
        wheel=Wheel(),
        synthesizer=voice,
        transcriber=ears,
        agent=mind,
        models=models,
        unix_clock=unix_clock,
    )
    switchboard = Switchboard(services, new_id=count_ids().__next__)
    return Site(
        switchboard=switchboard,
        reception=Reception(switchboard, access, unix_clock=unix_clock),
        journal=journal,
        waits=waits,
        voice=voice,
        ears=ears,
        mind=mind,
        models=models,
    )


def count_ids() -> Iterator[str]:
    """Ids that are easily told apart."""
    return (f"id-{number}" for number in itertools.count(1))


@asynccontextmanager
async def working(site: Site, nursery: trio.Nursery) -> AsyncIterator[None]:
    """Let *site* work inside of the block, in tasks of *nursery*."""
    nursery.start_soon(site.switchboard.services.wheel.run)
    await nursery.start(site.switchboard.run)
    yield
    nursery.cancel_scope.cancel()


async def place(site: Site, conversation: Conversation) -> None:
    """Place the call, and let it come to its end."""
    call_id = await site.switchboard.place(
        to=CALLEE, message=conversation.opening, mode=conversation.mode, idempotency_key=None
    )
    call = site.switchboard.find(call_id)
    if call is not None:
        await call.over.wait()
