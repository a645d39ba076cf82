"""Everything that a history happens in: our side, the carrier, the network between them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import trio
from structlog.typing import EventDict

from tests.histories.dialect import Dialect, Leg
from tests.histories.exchange import Exchange
from tests.histories.facts import Fact, Kind
from tests.histories.history import History
from tests.histories.site import build_link, build_site
from voicecalld.call.record import CallRecord, Entry
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.ids import CallId
from voicecalld.net.message_stream import MemoryStream
from voicecalld.provider.http import HttpRequest, HttpResponse


@dataclass(kw_only=True)
class Seen:
    """What came of a history; ``wrong`` is what was seen to be so at once."""

    facts: list[Fact] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    entries: list[Entry] = field(default_factory=list)
    errors: list[EventDict] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    strays: list[Leg] = field(default_factory=list)

    @property
    def records(self) -> Mapping[CallId, CallRecord]:
        """The calls as they were written last."""
        return {entry.record.call_id: entry.record for entry in self.entries}


class World:
    """The two sides of one history; made inside of Trio."""

    def __init__(self, dialect: Dialect, history: History) -> None:
        self.dialect = dialect
        self.history = history
        self.seen = Seen()
        self.exchange = Exchange(dialect, history, self.note)
        self.site = build_site(dialect, WatchedLink(self), streams=history.has_streams)
        self.streams = list[MemoryStream]()  # that the carrier has opened, the newest last

    @property
    def leg(self) -> Leg | None:
        """The call that the history is about, if the carrier has it."""
        return self.exchange.legs[0] if self.exchange.legs else None

    def note(self, kind: Kind) -> None:
        """Write down that *kind* of thing has happened now."""
        self.seen.facts.append(Fact(at_s=trio.current_time(), kind=kind))
        if kind in {Kind.GONE, Kind.HUNG_UP}:
            self.close_stream()

    def complain(self, what: str) -> None:
        """Something was wrong, at once."""
        self.seen.wrong.append(what)

    def count(self, what: str) -> None:
        """Something was done."""
        self.seen.events[what] += 1

    def close_stream(self) -> None:
        """The newest stream breaks, or ends with its call."""
        if not self.streams:
            return
        stream = self.streams.pop()
        if not stream.peer.closed:
            stream.close()
            self.note(Kind.DISCONNECTED)

    def look_around(self) -> None:
        """Write down what is left, here and there."""
        switchboard, site = self.site.switchboard, self.site
        left = {
            "living calls": switchboard.live_count,
            "strays being hung up": len(switchboard.leftovers.strays),
            "webhooks being answered": len(site.reception.being_answered),
            "sessions with the agent": site.agent.open_sessions,
            "transcriptions": site.transcriber.open_calls,
            "members of the wheel": sum(map(len, switchboard.services.wheel.slots)),
            "streams": sum(not stream.peer.closed for stream in self.streams),
        }
        for what, count in left.items():
            if count:
                self.complain(f"{count} {what} left")
        self.seen.entries = site.ledger.entries
        self.seen.legs, self.seen.strays = self.exchange.legs, self.exchange.strays
        self.seen.events["requests"] = self.exchange.requests
        self.seen.events["faults"] = self.exchange.faulty


class WatchedLink:
    """The real link; notes what the answer to the dial says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.link = build_link(world.exchange)
        self.is_dialled = world.history.is_inbound

    async def request(self, request: HttpRequest) -> HttpResponse:
        if self.is_dialled:
            return await self.link.request(request)
        self.is_dialled = True
        self.world.note(Kind.DIALLED)
        kind = Kind.UNKNOWN
        try:
            response = await self.link.request(request)
            kind = self.judge(response)
        except CarrierError as error:
            kind = Kind.UNKNOWN if isinstance(error, OutcomeUnknownError) else Kind.REFUSED
            raise
        finally:
            self.world.note(kind)
        return response

    def judge(self, response: HttpResponse) -> Kind:
        """What the answer to a dial says."""
        leg = self.world.leg
        if leg is not None and response.status < 300:
            is_whole = response.body == leg.promise
            leg.is_known = leg.is_known or is_whole
            return Kind.NAMED if is_whole else Kind.UNKNOWN
        is_refusal = 400 <= response.status < 500 and not self.world.exchange.is_doubtful
        return Kind.REFUSED if is_refusal else Kind.UNKNOWN
