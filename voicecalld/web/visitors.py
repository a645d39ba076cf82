"""Everybody who is connected and is no media stream; who is silent makes room for others.

Who has not said all of his request counts as silent, as does who has his answer and stays: an
honest peer speaks in one breath and then goes, and the others must keep nobody out.
"""

from collections import Counter

import trio

from voicecalld.web.limits import EdgeLimits


class Visitor:
    """One connection, from its begin until it is over or has become a media stream."""

    def __init__(self, household: str | None) -> None:
        self.household = household
        self.scope = trio.CancelScope()


class Visitors:
    """Counts connections, in all and for each household.

    Whoever comes when there is no room takes the place of the one that has been silent longest:
    an honest peer speaks at once, so places that are held in silence keep nobody out.
    """

    def __init__(self, limits: EdgeLimits) -> None:
        self.limits = limits
        self.present: set[Visitor] = set()
        self.silent: dict[Visitor, None] = {}  # not heard out, in the order in which they came
        self.households: Counter[str] = Counter()

    def enter(self, household: str | None) -> Visitor | None:
        """A place for a connection; ``None`` if there is none.

        Args:
            household: whose limit it counts against; ``None`` for a trusted proxy, which comes
                for many: `introduce` tells for whom.
        """
        if not self.has_room(household) and not self.evict(household):
            return None
        if len(self.present) >= self.limits.visitors and not self.evict(None):
            return None
        visitor = Visitor(household)
        self.present.add(visitor)
        self.silent[visitor] = None
        self.count(household, 1)
        return visitor

    def introduce(self, visitor: Visitor, household: str) -> bool:
        """Note for whom *visitor* speaks; false if that one has no room left."""
        if visitor.household == household:
            return True
        if not self.has_room(household) and not self.evict(household):
            return False
        self.count(visitor.household, -1)
        self.count(household, 1)
        visitor.household = household
        return True

    def heard(self, visitor: Visitor) -> None:
        """Note that *visitor* has said all that he has to say: he may stay for the answer."""
        self.silent.pop(visitor, None)

    def answered(self, visitor: Visitor) -> None:
        """Note that *visitor* has his answer: he stays only as long as nobody wants his place."""
        if visitor in self.present:
            self.silent[visitor] = None

    def leave(self, visitor: Visitor) -> None:
        """Free the place of *visitor*; leaving twice is harmless."""
        if visitor in self.present:
            self.present.remove(visitor)
            self.silent.pop(visitor, None)
            self.count(visitor.household, -1)

    def evict(self, household: str | None) -> bool:
        """Send away who has been silent longest, of *household* or of all; false: nobody is."""
        for visitor in self.silent:
            if household in (None, visitor.household):
                visitor.scope.cancel()
                self.leave(visitor)
                return True
        return False

    def has_room(self, household: str | None) -> bool:
        """Whether *household* may have another connection."""
        if household is None:
            return True
        return self.households[household] < self.limits.visitors_per_address

    def count(self, household: str | None, change: int) -> None:
        """Add *change* to the connections of *household*; forget it when it has none."""
        if household is None:
            return
        self.households[household] += change
        if not self.households[household]:
            del self.households[household]
