"""What the daemon and a user's program say to each other: a line a turn in, lines of text out.

In goes one line of JSON for each turn. Out come lines to be said, lines with a JSON object that
order something, and behind the last an empty line or ``{"done": true}``.
"""

import json
from dataclasses import dataclass

from voicecalld.agent.base import AgentOutput, Briefing, CallerTurn, EndCall, PressKeys, SayText
from voicecalld.agent.chat_history import ChatHistory, Entry
from voicecalld.agent.spoken_text import KEYS
from voicecalld.errors import ServiceError

MOST_TURN_CHARACTERS = 4_000
"""So much of what somebody says in one turn is told."""

MOST_LINE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line orders, and whether the turn is over with it."""

    outputs: tuple[AgentOutput, ...] = ()
    ends_turn: bool = False


def render_turn(briefing: Briefing, history: ChatHistory, turn: CallerTurn, number: int) -> bytes:
    """The line about *turn*, the call's *number*-th, which *history* is told of now.

    It tells of the call each time, so a program that was started anew in the middle of it knows
    where it is.
    """
    history.add_turn(turn)
    *before, _ = history.entries
    fields = {
        "turn": number,
        "text": turn.text[:MOST_TURN_CHARACTERS],
        "digits": turn.digits[:MOST_TURN_CHARACTERS],
        "heard": turn.heard_before[:MOST_TURN_CHARACTERS],
        "interrupted": turn.interrupted,
        "call_id": briefing.call_id,
        "direction": briefing.direction,
        "from": briefing.from_number,
        "to": briefing.to_number,
        "language": briefing.language,
        "opening": briefing.opening,
        "history": list(map(render_entry, before)),
    }
    return json.dumps(fields).encode() + b"\n"


def render_entry(entry: Entry) -> dict[str, str]:
    """A turn that is over; ``press`` has the keys that the agent pressed in it."""
    fields = {"who": "agent" if entry.is_ours else "caller", "text": entry.text}
    return {**fields, "press": "".join(entry.keys)} if entry.keys else fields


def parse_line(line: bytes) -> Line:
    """What *line*, without its end, orders.

    Raises:
        ServiceError: it is an object that orders nothing we know.
    """
    text = line.decode(errors="replace").strip()
    if not text:
        return Line(ends_turn=True)
    if not text.startswith("{"):
        # The newline keeps the words of two lines apart.
        return Line(outputs=(SayText(text=f"{text}\n"),))
    return parse_order(text)


def parse_order(text: str) -> Line:
    """What a line with a JSON object orders: to say, then to press, then to hang up."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        # Without the cause: it would quote the line, which may be a caller's words.
        raise ServiceError("the agent's program wrote a line that is no JSON object") from None
    outputs: list[AgentOutput] = []
    said, keys = fields.get("say"), fields.get("press")
    if isinstance(said, str):
        outputs.append(SayText(text=f"{said}\n"))
    if keys is not None:
        if not isinstance(keys, str) or KEYS.fullmatch(keys) is None:
            raise ServiceError("the agent's program asked for keys that no telephone has")
        outputs.append(PressKeys(digits=keys))
    ends_call = fields.get("end_call") is True
    ends_turn = ends_call or fields.get("done") is True
    if not outputs and not ends_turn:
        raise ServiceError("the agent's program wrote an object that orders nothing")
    if ends_call:
        outputs.append(EndCall())
    return Line(outputs=tuple(outputs), ends_turn=ends_turn)


class LineReader:
    """Cuts what a program writes into lines."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._is_cut = False  # the beginning of the first line was forgotten

    def feed(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            ServiceError: a line has no end.
        """
        self._pending += data
        if b"\n" not in self._pending and len(self._pending) > MOST_LINE_BYTES:
            raise ServiceError("the agent's program wrote a line without end")

    def forget(self, data: bytes) -> None:
        """Throw away what is there, and *data* behind it.

        The end of a line that was cut in two by this is no empty line.
        """
        written = self._pending + data
        if written:
            self._is_cut = not written.endswith(b"\n")
        self._pending = bytearray()

    def take(self) -> bytes | None:
        """The next whole line; None when there is none yet."""
        line, end, rest = self._pending.partition(b"\n")
        if not end:
            return None
        self._pending = rest
        is_rest, self._is_cut = self._is_cut and not line.strip(), False
        return self.take() if is_rest else bytes(line)

    def take_rest(self) -> bytes:
        """What is behind the last line's end, when nothing more comes."""
        rest = bytes(self._pending)
        self._pending.clear()
        return rest
