"""What must come of a call: the rules, written once more, as short as can be.

It takes what came to our side in order, and tells how the call must have ended, and when at the
latest. It knows nothing of machines, mailboxes, tasks.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.histories.facts import Fact, Kind
from tests.histories.history import News
from tests.histories.site import LONGEST_S, RING_S
from voicecalld.call.events import EndReason

NAMING_S: Final = 10.0
CONNECT_S: Final = 10.0
RECONNECT_S: Final = 2.0
TAKEN_S: Final = 5.0

# Ends that are no ends of a talk if there was none.
PLAIN: Final = frozenset({EndReason.COMPLETED, EndReason.HANGUP_USER})

BEGINNINGS: Final = frozenset({News.ANNOUNCED, News.RENEWED})
ANSWERS: Final = frozenset({News.ANSWERED, News.NOTED})


class Wait(StrEnum):
    """What has a time limit."""

    NAMING = "naming"
    RING = "ring"
    CONNECT = "connect"
    RECONNECT = "reconnect"
    LONGEST = "longest"
    TAKEN = "taken"  # that the carrier tells that it has taken the call


LIMITS: Final = {
    Wait.NAMING: EndReason.FAILED,
    Wait.RING: EndReason.NO_ANSWER,
    Wait.CONNECT: EndReason.FAILED,
    Wait.RECONNECT: EndReason.COMPLETED,
    Wait.LONGEST: EndReason.TIMEOUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What the rules depend on."""

    is_inbound: bool
    has_streams: bool
    is_notice: bool
    takes_commands: bool


@dataclass(kw_only=True)
class Model:
    """One call as it must be."""

    nature: Nature
    began_s: float | None = None
    reason: EndReason | None = None
    over_s: float = 0.0
    dialled_s: float | None = None  # when the answer to the dial was there, or known to be lost
    is_named: bool = False
    answered_s: float | None = None
    connected_s: float | None = None
    is_lost: bool = False  # the dial's answer was lost, or said nothing
    waits: dict[Wait, float] = field(default_factory=dict)

    @property
    def is_alive(self) -> bool:
        """Whether it has begun and is not over."""
        return self.began_s is not None and self.reason is None

    def run(self, facts: list[Fact]) -> "Model":
        """Let *facts* happen, and then nothing more."""
        for fact in facts:
            self.wait_until(fact.at_s)
            self.take(fact)
        self.wait_until(float("inf"))
        return self

    def wait_until(self, now_s: float) -> None:
        """Let the time limits pass that end before *now_s*."""
        while self.is_alive and self.waits:
            wait = min(self.waits, key=self.waits.__getitem__)
            at_s = self.waits[wait]
            if at_s > now_s:
                return
            del self.waits[wait]
            if wait is Wait.TAKEN:
                self.connect(at_s)
            else:
                self.end(LIMITS[wait], at_s)

    def end(self, reason: EndReason, at_s: float) -> None:
        """It is over, for good."""
        self.reason = self.reason or reason
        self.over_s = at_s
        self.waits.clear()

    # --- what happens --------------------------------------------------------------------

    def take(self, fact: Fact) -> None:
        """Let *fact* happen."""
        now_s = fact.at_s
        match fact.kind:
            case Kind.DIALLED:
                self.began_s = now_s
            case Kind.NAMED | Kind.REFUSED | Kind.UNKNOWN:
                self.dialled_s = now_s
                self.is_lost = fact.kind is Kind.UNKNOWN
                if self.is_alive:
                    self.on_dialled(fact.kind, now_s)
            case Kind.NEWS:
                self.on_news(fact)
            case Kind.CONNECTED if self.is_alive:
                self.name(now_s)
                self.connect(now_s)
            case Kind.DISCONNECTED if self.is_alive:
                self.waits[Wait.RECONNECT] = now_s + RECONNECT_S
            case Kind.OPERATOR if self.is_alive:
                self.end(EndReason.HANGUP_BOT, now_s)
            case _:
                pass

    def on_dialled(self, kind: Kind, now_s: float) -> None:
        """The dial is answered, or never will be."""
        if kind is Kind.NAMED:
            self.name(now_s)
        elif not self.is_named and kind is Kind.REFUSED:
            self.end(EndReason.FAILED, now_s)
        elif not self.is_named:
            self.waits[Wait.NAMING] = now_s + NAMING_S

    def name(self, now_s: float) -> None:
        """The carrier has the call."""
        if not self.is_named:
            self.is_named = True
            self.waits.pop(Wait.NAMING, None)
            self.ring(now_s)

    def ring(self, now_s: float) -> None:
        """The telephone rings, or is about to."""
        if self.answered_s is None:
            self.waits.setdefault(Wait.RING, now_s + RING_S)

    def on_news(self, fact: Fact) -> None:
        """A webhook tells something."""
        now_s, news = fact.at_s, fact.news
        if news in BEGINNINGS and self.began_s is None:
            self.began_s = now_s
            if self.nature.takes_commands and not self.nature.has_streams:
                self.waits[Wait.TAKEN] = now_s + TAKEN_S
        if not self.is_alive:
            return
        self.name(now_s)
        if news in ANSWERS:
            self.answer(now_s)
        if self.connects(fact):
            self.connect(now_s)
        if news is News.MACHINE:
            self.end(EndReason.VOICEMAIL, now_s)
        if fact.reason is not None:
            is_mute = self.connected_s is None and fact.reason in PLAIN
            self.end(EndReason.FAILED if is_mute else fact.reason, now_s)

    def connects(self, fact: Fact) -> bool:
        """Whether *fact* proves that there is somebody to talk to, without a stream."""
        if self.nature.has_streams:
            return False
        if fact.news in ANSWERS and self.nature.is_notice:
            return True
        return fact.asks and not (self.nature.takes_commands and fact.news in BEGINNINGS)

    def answer(self, now_s: float) -> None:
        """Somebody has picked up."""
        if self.answered_s is None:
            self.answered_s = now_s
            self.waits.pop(Wait.RING, None)
            self.waits[Wait.LONGEST] = now_s + LONGEST_S
            self.waits[Wait.CONNECT] = now_s + CONNECT_S

    def connect(self, now_s: float) -> None:
        """There is sound, both ways."""
        self.answer(now_s)
        self.connected_s = self.connected_s or now_s
        self.waits.pop(Wait.CONNECT, None)
        self.waits.pop(Wait.RECONNECT, None)
