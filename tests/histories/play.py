"""Plays one history in virtual time, and writes down what came of it."""

from typing import Final, assert_never

import structlog
import trio
from trio.testing import MockClock

from tests.histories.dialect import Dialect
from tests.histories.facts import Kind
from tests.histories.history import (
    CloseStream,
    Deed,
    Forge,
    HangUp,
    History,
    OpenStream,
    Replay,
    Step,
    Stray,
    Tell,
    Vanish,
)
from tests.histories.media import Media
from tests.histories.postman import Postman
from tests.histories.world import Seen, World
from tests.security.carriers import PUBLIC_URL
from voicecalld.errors import RequestError
from voicecalld.ids import PhoneNumber

CALLEE: Final = PhoneNumber("+12065550117")

# No two things happen at the same moment, unless a history says so.
ODD_S: Final = 0.0013

# By then every time-out has passed, and whoever tries again has given up.
QUIET_S: Final = 120.0


class Player:
    """Does what a history says."""

    def __init__(self, world: World, nursery: trio.Nursery) -> None:
        self.world = world
        self.nursery = nursery
        self.postman = Postman(world)
        self.media = Media(world, nursery)

    async def play(self) -> None:
        """Let everything happen, and wait until nothing happens any more."""
        site = self.world.site
        self.nursery.start_soon(site.switchboard.services.wheel.run)
        await self.nursery.start(site.switchboard.run)
        await self.begin()
        for number, step in enumerate(self.world.history.steps):
            await self.take_step(number, step)
        await trio.sleep(QUIET_S)
        self.world.look_around()

    async def begin(self) -> None:
        """A call is placed, or is about to come in; returns when there is something to tell."""
        exchange = self.world.exchange
        if self.world.history.is_inbound:
            exchange.legs.append(exchange.add(is_inbound=True, hook=PUBLIC_URL))
            return
        over = trio.Event()
        self.nursery.start_soon(self.place, over)
        async with trio.open_nursery() as nursery:
            for event in (over, exchange.dialled):
                nursery.start_soon(wait_then_cancel, event, nursery.cancel_scope)

    async def place(self, over: trio.Event) -> None:
        """Ask for the call as a client does."""
        try:
            await self.world.site.switchboard.place(
                to=CALLEE, message="Hello.", mode=self.world.history.mode, idempotency_key=None
            )
        except RequestError:
            self.world.count("refusals")
        finally:
            over.set()

    async def take_step(self, number: int, step: Step) -> None:
        """Wait, and start the next deed; nobody waits for its end."""
        await trio.sleep(step.gap_s + ODD_S * (number + 1))
        self.nursery.start_soon(self.do, step.deed)

    async def do(self, deed: Deed) -> None:
        """Do one thing."""
        match deed:
            case Tell(news=news, copies=copies):
                await self.postman.tell(news, copies)
            case Replay(number=number):
                await self.postman.replay(number)
            case Forge(news=news):
                await self.postman.forge(news)
            case Stray(news=news):
                await self.postman.tell_stray(news)
            case OpenStream(forged=forged):
                self.media.open(forged=forged)
            case CloseStream():
                self.world.close_stream()
            case Vanish():
                self.vanish()
            case HangUp():
                await self.hang_up()
            case _:
                assert_never(deed)

    def vanish(self) -> None:
        """The call is over at the carrier."""
        if self.world.leg is not None:
            self.world.exchange.end(self.world.leg, Kind.GONE)

    async def hang_up(self) -> None:
        """The operator ends the only call, also one that is over."""
        site = self.world.site
        for call_id in {entry.record.call_id for entry in site.ledger.entries}:
            self.world.note(Kind.OPERATOR)
            try:
                await site.switchboard.end(call_id)
            except RequestError:
                self.world.count("unconfirmed")


async def wait_then_cancel(event: trio.Event, scope: trio.CancelScope) -> None:
    """Let nobody wait any longer than for *event*."""
    await event.wait()
    scope.cancel()


def play(dialect: Dialect, history: History) -> Seen:
    """What comes of *history*."""
    with structlog.testing.capture_logs() as logged:
        seen = trio.run(run, dialect, history, clock=MockClock(autojump_threshold=0))
    seen.errors = [entry for entry in logged if entry["log_level"] in {"error", "critical"}]
    return seen


async def run(dialect: Dialect, history: History) -> Seen:
    """Play *history* in a world of its own."""
    world = World(dialect, history)
    async with trio.open_nursery() as nursery:
        await Player(world, nursery).play()
        nursery.cancel_scope.cancel()
    return world.seen
