"""What the carrier tells us in a history, and what others tell us in its name."""

from typing import Final

import trio

from tests.histories.dialect import Leg, Letter
from tests.histories.facts import Fact, Kind
from tests.histories.history import News
from tests.histories.site import unix_clock
from tests.histories.world import World
from tests.security.carriers import OTHER_KEY, OUR_KEY, PUBLIC_URL
from voicecalld.provider.http import Reply, Webhook

# Of these there may be many, each of them another event; all others are told once, or again.
MANIFOLD: Final = frozenset({News.ASKED, News.SPOKEN, News.HEARD, News.STREAM_LOST})

# What proves to the carrier itself that somebody has picked up.
PICKED_UP: Final = frozenset({News.ANSWERED, News.NOTED, News.MACHINE, News.ASKED})


class Postman:
    """Brings webhooks to our door."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.letters: dict[tuple[str, News], Letter] = {}
        self.replies: dict[Letter, Reply] = {}
        self.sent: list[tuple[Letter, Webhook]] = []

    # --- the carrier -------------------------------------------------------------------

    async def tell(self, news: News, copies: int) -> None:
        """Tell *news* of the call, if there is such a call and such news of it."""
        leg = self.world.leg
        letter = None if leg is None else self.find_letter(leg, news)
        if leg is None or letter is None:
            return
        if news is News.ENDED:
            self.world.exchange.end(leg, Kind.GONE)
        leg.is_answered = leg.is_answered or news in PICKED_UP
        if letter in self.replies:
            self.world.count("told again")
        else:
            leg.is_known = leg.is_known or news not in self.world.dialect.late
            self.note(news, letter)
        async with trio.open_nursery() as nursery:
            for _ in range(copies):
                nursery.start_soon(self.send, leg, letter)

    async def tell_stray(self, news: News) -> None:
        """Tell *news* of a call with an id of ours that never lived here."""
        exchange = self.world.exchange
        if not exchange.strays:
            stray = exchange.add(hook=PUBLIC_URL)
            self.world.dialect.mark(stray, "id-99")
            exchange.strays.append(stray)
        (leg,) = exchange.strays
        letter = self.find_letter(leg, news)
        if letter is None:
            return
        self.world.count("strays")
        leg.is_known = leg.is_known or news not in self.world.dialect.late
        if news is News.ENDED:
            leg.is_alive = False
        await self.send(leg, letter)

    def find_letter(self, leg: Leg, news: News) -> Letter | None:
        """The letter that tells *news*, which may have been sent; None if it cannot be told."""
        letter = self.world.dialect.write(leg, news)
        if letter is None or news in MANIFOLD:
            return letter
        return self.letters.setdefault((leg.name, news), letter)

    def note(self, news: News, letter: Letter) -> None:
        """Something is told for the first time."""
        world = self.world
        world.count("told")
        reason = None
        if news is News.ENDED:
            reason = world.dialect.endings[world.history.ending]
        now_s = trio.current_time()
        fact = Fact(at_s=now_s, kind=Kind.NEWS, news=news, reason=reason, asks=letter.asks)
        world.seen.facts.append(fact)

    async def send(self, leg: Leg, letter: Letter) -> None:
        """Send *letter*, signed anew; the first time, do what the answer says."""
        webhook = self.sign(letter, OUR_KEY)
        self.sent.append((letter, webhook))
        is_first = await self.deliver(letter, webhook)
        if not is_first:
            return
        was_alive = leg.is_alive
        self.world.dialect.read_answer(leg, self.replies[letter].body)
        if was_alive and not leg.is_alive and leg is self.world.leg:
            self.world.note(Kind.HUNG_UP)

    async def deliver(self, letter: Letter, webhook: Webhook) -> bool:
        """Bring *webhook* to our door; gives whether its *letter* was never answered before."""
        reply = await self.world.site.reception.receive_webhook(webhook)
        if reply.status != 200:
            self.world.complain(f"a genuine webhook was answered with {reply.status}")
        earlier = self.replies.setdefault(letter, reply)
        if reply != earlier:
            self.world.complain("an event was answered in two ways")
        return earlier is reply

    def sign(self, letter: Letter, key: str) -> Webhook:
        """*letter* as it is sent now, signed with *key*."""
        sign = self.world.dialect.carrier.sign
        headers = sign(letter.url, letter.body, unix_s=unix_clock(), key=key)
        return Webhook(method="POST", url=letter.url, headers=headers, body=letter.body)

    # --- others ------------------------------------------------------------------------

    async def replay(self, number: int) -> None:
        """Somebody has kept the *number*-th webhook."""
        if not self.sent:
            return
        self.world.count("replayed")
        letter, webhook = self.sent[number % len(self.sent)]
        site = self.world.site
        calls, tokens = site.switchboard.live_count, site.tokens.minted
        await self.deliver(letter, webhook)
        if site.switchboard.live_count > calls or site.tokens.minted > tokens:
            self.world.complain("a replay has minted something")

    async def forge(self, news: News) -> None:
        """Somebody has not the key."""
        leg = self.world.leg
        if leg is None:
            leg = self.world.exchange.add(hook=PUBLIC_URL)
            self.world.dialect.mark(leg, "id-1")
        letter = self.world.dialect.write(leg, news)
        if letter is None:
            return
        self.world.count("forged")
        entries = len(self.world.site.ledger.entries)
        webhook = self.sign(letter, OTHER_KEY)
        reply = await self.world.site.reception.receive_webhook(webhook)
        if reply.status != 401 or len(self.world.site.ledger.entries) != entries:
            self.world.complain("a forgery was obeyed")
