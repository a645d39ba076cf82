"""Who may speak now, and where the floor can go from there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Floor(StrEnum):
    """Who may speak now."""

    OPEN = "open"  # whoever begins
    CALLER = "caller"  # the other party speaks
    PAUSED = "paused"  # they have stopped: done, or drawing breath?
    TRANSCRIBING = "transcribing"  # they are done, and their words are being made out
    THINKING = "thinking"  # we will speak, but nothing is audible yet
    AGENT = "agent"  # we are being heard


FLOOR_MOVES: Final[Mapping[Floor, frozenset[Floor]]] = {
    Floor.OPEN: frozenset({Floor.CALLER, Floor.THINKING}),
    Floor.CALLER: frozenset({Floor.PAUSED}),
    Floor.PAUSED: frozenset({Floor.CALLER, Floor.TRANSCRIBING}),
    Floor.TRANSCRIBING: frozenset({Floor.CALLER, Floor.OPEN, Floor.THINKING}),
    Floor.THINKING: frozenset({Floor.AGENT, Floor.CALLER, Floor.OPEN, Floor.THINKING}),
    Floor.AGENT: frozenset({Floor.CALLER, Floor.OPEN}),
}


class Wait(StrEnum):
    """What a moment to come is for."""

    ENDPOINT = "endpoint"
    TRANSCRIPT = "transcript"
    KEYS = "keys"
    PLAYOUT = "playout"
    NOTIFIED = "notified"
    SILENCE = "silence"
    BARGE_IN = "barge-in"
    RESUME = "resume"
    FILLER = "filler"
    FAREWELL = "farewell"
    STALL = "stall"
