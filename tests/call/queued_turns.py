"""Turns that a playout is asked to send."""

from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.audio.words import SpokenWord
from voicecalld.call.playout import FRAME_S, LEAD_S, Frame, Mark, Playout

LEAD_FRAMES = round(LEAD_S / FRAME_S)
NEAR_S = 1e-6


def sound(frames: float) -> bytes:
    return b"\x01" * round(frames * FRAME_BYTES)


def add_clause(
    playout: Playout, text: str, frames: float, words: tuple[SpokenWord, ...] = ()
) -> None:
    playout.begin_clause()
    playout.add(sound(frames), words)
    playout.end_clause(text)


def turn_of(*clauses: tuple[str, float]) -> Playout:
    playout = Playout()
    playout.start(1)
    for text, frames in clauses:
        add_clause(playout, text, frames)
    playout.complete()
    return playout


def frames_of(items: list[Frame | Mark]) -> int:
    return sum(isinstance(item, Frame) for item in items)


def marks_of(items: list[Frame | Mark]) -> list[str]:
    return [item.name for item in items if isinstance(item, Mark)]
