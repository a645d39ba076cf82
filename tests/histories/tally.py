"""What was seen in many histories of one carrier, in one line."""

from collections import Counter
from dataclasses import dataclass, field

from tests.histories.dialect import Dialect
from tests.histories.history import History
from tests.histories.judge import judge
from tests.histories.play import play
from tests.histories.world import Seen


@dataclass(kw_only=True)
class Tally:
    """Counts of one carrier; ``wrong`` are the histories that ended wrongly, and why."""

    name: str
    histories: int = 0
    events: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[History, list[str]]] = field(default_factory=list)

    def add(self, history: History, seen: Seen, wrong: list[str]) -> None:
        """Count one history."""
        self.histories += 1
        self.events += seen.events
        self.ends.update(record.state.value for record in seen.records.values())
        if wrong:
            self.wrong.append((history, wrong))

    def __str__(self) -> str:
        ends = ", ".join(f"{reason} {count}" for reason, count in self.ends.most_common())
        events = ", ".join(f"{count} {what}" for what, count in sorted(self.events.items()))
        return (
            f"{self.name}: {self.histories} histories; webhooks and more: {events}; "
            f"ends: {ends}; wrong: {len(self.wrong)}"
        )


def live_through(dialect: Dialect, history: History, tally: Tally) -> list[str]:
    """Play *history* and count it; gives what was wrong with what came of it."""
    seen = play(dialect, history)
    wrong = judge(dialect, history, seen)
    tally.add(history, seen, wrong)
    return wrong
