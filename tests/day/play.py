"""Holds a conversation at a carrier, in virtual time, and gives its transcript."""

import gc
from dataclasses import dataclass, field
from typing import Final

import structlog
import trio
from trio.testing import MockClock

from tests.day.conversation import Conversation
from tests.day.diary import Note
from tests.day.judge import find_delays, find_leftovers, find_lies, find_silence
from tests.day.line_words import describe_line
from tests.day.sites import open_held
from tests.leaks import belongings
from tests.switchboard.carrier_office import UNIX_S

WRITTEN: Final = "What we wrote down"
CARRIED: Final = "What the line carried"

LONGEST_CALL_S: Final = 300.0
# By then a carrier has let go of a call that is over.
LETTING_GO_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a conversation: both transcripts, and what was ``wrong`` besides."""

    conversation: Conversation
    written: list[Note] = field(default_factory=list)
    carried: list[Note] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def render(self, *, with_times: bool = False) -> str:
        """The transcripts as text, in seconds from the answer on if *with_times*."""
        conversation = self.conversation
        lines = [f"{conversation.name}: {conversation.about}"]
        for title, notes in ((WRITTEN, self.written), (CARRIED, self.carried)):
            lines += ["", title, "-" * len(title)]
            lines += [
                f"{note.at_s:6.2f}  {note.text}" if with_times else note.text for note in notes
            ]
        return "\n".join([*lines, ""])


def play(carrier: str, conversation: Conversation) -> Outcome:
    """Hold *conversation* at *carrier*."""
    with structlog.testing.capture_logs() as logged:
        outcome = trio.run(hold, carrier, conversation, clock=MockClock(autojump_threshold=0))
    errors = [entry for entry in logged if entry["log_level"] in {"error", "critical"}]
    outcome.wrong.extend(f"logged: {entry}" for entry in errors)
    return outcome


async def hold(carrier: str, conversation: Conversation) -> Outcome:
    """Hold *conversation*, and look around when it is over."""
    gc.collect()  # what others have left behind
    before = belongings()
    async with open_held(carrier, conversation) as held:
        working = belongings()
        with trio.fail_after(LONGEST_CALL_S):
            recording = await held.hold()
        await trio.sleep(LETTING_GO_S)
        wrong = [*find_leftovers(held.site), *find_delays(held.site, recording)]
        wrong += find_lies(held.site, recording)
        wrong += find_silence(recording, conversation)
        if belongings() != working:
            wrong.append(f"{belongings()} instead of {working} when the call was over")
        site = held.site
    if belongings() != before:
        wrong.append(f"{belongings()} instead of {before} when all was over")
    answered_s = (site.journal.record.answered_unix_s or UNIX_S) - UNIX_S
    notes = [Note(at_s=note.at_s - answered_s, text=note.text) for note in site.diary.notes]
    return Outcome(
        conversation=conversation, written=notes, carried=describe_line(recording), wrong=wrong
    )
