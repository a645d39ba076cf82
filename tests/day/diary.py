"""What our side has written down of a call, in the order in which it was."""

from dataclasses import dataclass, field

import trio

from tests.fakes.ledger import Ledger
from voicecalld.agent.base import CallerTurn
from voicecalld.call.record import CallRecord, Entry, TurnLatency


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line, and when it was written."""

    at_s: float
    text: str


@dataclass(kw_only=True)
class Diary:
    """Grows while a call lives."""

    notes: list[Note] = field(default_factory=list)
    asked: list[CallerTurn] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Write one line."""
        self.notes.append(Note(at_s=trio.current_time(), text=text))

    def on_asked(self, turn: CallerTurn) -> None:
        """The agent is told what they have said and pressed."""
        self.asked.append(turn)
        parts = [f"the agent is asked: {turn.text}"]
        if turn.digits:
            parts.append(f"(keys {turn.digits})")
        if turn.interrupted:
            parts.append(f"(who have interrupted us behind: {turn.heard_before})")
        self.note(" ".join(parts))


class DiaryLedger(Ledger):
    """A journal that is a diary too."""

    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self.diary = diary

    def post(self, entry: Entry) -> None:
        super().post(entry)
        text = describe(entry)
        if text:
            self.diary.note(text)

    @property
    def record(self) -> CallRecord:
        """The only call."""
        (record,) = self.latest().values()
        return record

    @property
    def pressed(self) -> list[str]:
        """The keys that we have pressed."""
        return [
            str(entry.details["digits"])
            for entry in self.entries
            if entry.event == "call.dtmf" and entry.details["direction"] == "out"
        ]

    @property
    def latencies(self) -> list[TurnLatency]:
        """How long they waited for each answer."""
        return [entry.latency for entry in self.entries if entry.latency]


def describe(entry: Entry) -> str:
    """The line for *entry*; empty for what a transcript does not tell."""
    if entry.utterance is not None:
        who = {"bot": "we", "user": "they"}[entry.utterance.speaker.value]
        cut = " \u2026 (cut short)" if entry.utterance.interrupted else ""
        return f"{who} said: {entry.utterance.text}{cut}"
    match entry.event:
        case "call.dtmf":
            who = {"in": "they", "out": "we"}[str(entry.details["direction"])]
            return f"{who} pressed: {entry.details['digits']}"
        case "call.interrupted":
            return "we were interrupted"
        case "call.ignored":
            return f"ignored: {entry.details['what']}"
        case "call.ended":
            return f"over: {entry.details['reason']}"
        case _:
            return ""
