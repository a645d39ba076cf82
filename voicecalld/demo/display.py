"""What the audience of the demo sees: lines while it happens, then the whole call on one page.

On a terminal it has colours; elsewhere the same lines have none.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from voicecalld.call.latency import STAGES
from voicecalld.demo.outcome import Outcome
from voicecalld.printable import printable
from voicecalld.rpc.json_line import JsonObject

PLAIN_COLUMNS: Final = 98

STYLES: Final[Mapping[str, str]] = {
    "agent": "cyan",
    "callee": "yellow",
    "latency": "green",
    "barge-in": "bold red",
    "call": "dim",
}

STATES: Final[Mapping[str, str]] = {
    "call.initiated": "the carrier is asked to dial",
    "call.placed": "placed",
    "call.ringing": "the telephone rings",
    "call.answered": "the callee picks up",
    "call.active": "the line carries sound",
    "call.speaking": "the agent speaks ...",
    "call.listening": "the agent listens ...",
}

STAGE_HEADS: Final = (
    *("endpoint", "transcript", "first text", "first clause"),
    *("first audio", "first frame", "first mark"),
)


class Display:
    """Prints to *stream*."""

    def __init__(self, stream: TextIO) -> None:
        width = None if stream.isatty() else PLAIN_COLUMNS
        self.console = Console(file=stream, highlight=False, width=width)
        self.began: datetime | None = None

    def say(self, text: str = "", style: str = "") -> None:
        """A line of its own."""
        self.console.print(Text(printable(text), style=style))

    def fail(self, text: str) -> None:
        """Why the demo failed; line breaks stay."""
        for line in text.splitlines():
            self.say(line, "bold red")

    # --- while it happens ------------------------------------------------------------

    def tell(self, event: JsonObject) -> None:
        """Something that happens on the call."""
        match event:
            case {"event": "call.speech", "speaker": "bot", "text": str(text)}:
                cut = " \N{EM DASH}" if event.get("interrupted") else ""
                self.line(event, "agent", text + cut)
            case {"event": "call.speech", "text": str(text)}:
                self.line(event, "callee", text)
            case {"event": "call.interrupted"}:
                self.line(event, "barge-in", "the callee speaks, and the agent falls silent")
            case {"event": "call.turn", "firstFrameMs": int() | float() as waited_ms}:
                words = f"this answer began {waited_ms:.0f} ms after the callee's last word"
                self.line(event, "latency", words)
            case {"event": "call.ended", "reason": str(reason)}:
                self.line(event, "call", f"over: {reason}")
            case {"event": str(name)} if name in STATES:
                self.line(event, "call", STATES[name])
            case _:
                return

    def line(self, event: JsonObject, who: str, text: str) -> None:
        """One line: when, who, what."""
        self.print_words(f"{self.since_begin(event):>7}  ", who, Text(printable(text)))

    def print_words(self, indent: str, who: str, words: Text) -> None:
        """What *who* does or says, in as many lines as it takes, without blanks behind them."""
        head = Text.assemble(indent, (f"{who:10}", STYLES[who]))
        for line in words.wrap(self.console, max(20, self.console.width - len(head))):
            line.rstrip()
            self.console.print(head + line, soft_wrap=True)
            head = Text(" " * len(head))

    def since_begin(self, event: JsonObject) -> str:
        """When *event* happened, since the first one."""
        at = datetime.fromisoformat(str(event["at"]))
        self.began = self.began or at
        return f"{(at - self.began).total_seconds():.1f} s"

    # --- afterwards ------------------------------------------------------------------

    def show_outcome(self, outcome: Outcome, record: Path) -> None:
        """The whole call."""
        self.say()
        self.say("Transcript: what was said and heard", "bold")
        self.show_transcript(outcome)
        self.say()
        self.say("Latency: milliseconds since the callee's last word", "bold")
        self.show_latency(outcome)
        self.say()
        self.say(f"The call ended: {outcome.end_reason} (the agent hung up)")
        self.say(f"Listen to it (left: the callee, right: the agent): {record}")

    def show_transcript(self, outcome: Outcome) -> None:
        """Who said what; a sentence that was cut ends where it was cut."""
        for said in outcome.said:
            words = Text(printable(said.text))
            if said.cut_short:
                words.append(" \N{EM DASH} (cut short)", STYLES["barge-in"])
            self.print_words("  ", "agent" if said.is_agent else "callee", words)

    def show_latency(self, outcome: Outcome) -> None:
        """Each answer, stage by stage."""
        table = Table(box=None, pad_edge=False, header_style="")
        table.add_column("  answer")
        for head in STAGE_HEADS:
            table.add_column(head, justify="right")
        for number, turn in enumerate(outcome.turns, start=1):
            stages = (f"{turn[name]:.0f}" if name in turn else "-" for name in STAGES)
            table.add_row(f"  {number}", *stages)
        self.console.print(table)
