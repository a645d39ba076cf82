"""How long the other party waits for an answer, measured stage by stage."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from voicecalld.call.commands import CallerTiming
from voicecalld.call.record import Json, TurnLatency

STAGES: Final[Mapping[str, str]] = {
    "endpointMs": "endpoint_s",
    "transcriptMs": "transcript_s",
    "firstTextMs": "first_text_s",
    "firstClauseMs": "first_clause_s",
    "firstAudioMs": "first_audio_s",
    "firstFrameMs": "first_frame_s",
    "firstMarkMs": "first_mark_s",
}
"""The stages of a turn as clients see them: their names and the fields of `TurnLatency`."""


def describe_stages(latency: TurnLatency) -> dict[str, Json]:
    """The stages that happened, in milliseconds with one decimal: clocks do not tell more."""
    stages: dict[str, Json] = {}
    for name, field in STAGES.items():
        seconds = getattr(latency, field)
        if seconds is not None:
            stages[name] = round(seconds * 1000, 1)
    return stages


class Stage(StrEnum):
    """What happens on our side between their last word and our first one in their ear."""

    TEXT = "text"  # the agent's first words
    CLAUSE = "clause"  # enough of them to be spoken
    AUDIO = "audio"  # the synthesizer's first sound
    FRAME = "frame"  # the first frame on the line
    MARK = "mark"  # the first mark that came back


class TurnClock:
    """The stages of one answer, each at its first occurrence.

    Without a *timing* nobody knows when the other party stopped speaking, so nothing can be
    measured from there.
    """

    def __init__(self, turn: int, timing: CallerTiming | None) -> None:
        self.turn = turn
        self.timing = timing
        self.at_s: dict[Stage, float] = {}

    def note(self, stage: Stage, now_s: float) -> None:
        """*stage* happens at *now_s*; only the first time counts."""
        self.at_s.setdefault(stage, now_s)

    def latency(self, unix_s: float, now_s: float) -> TurnLatency:
        """What was measured, counted from the end of their speech; *unix_s* is *now_s*."""
        if self.timing is None:
            return TurnLatency(turn=self.turn, unix_s=unix_s)
        began_s = self.timing.speech_ended_s
        return TurnLatency(
            turn=self.turn,
            unix_s=unix_s,
            endpoint_s=self.timing.endpointed_s - began_s,
            transcript_s=self.timing.transcribed_s - began_s,
            first_text_s=self.since(Stage.TEXT, began_s),
            first_clause_s=self.since(Stage.CLAUSE, began_s),
            first_audio_s=self.since(Stage.AUDIO, began_s),
            first_frame_s=self.since(Stage.FRAME, began_s),
            first_mark_s=self.since(Stage.MARK, began_s),
            speech_ended_unix_s=unix_s - (now_s - began_s),
        )

    def since(self, stage: Stage, began_s: float) -> float | None:
        """From *began_s* to *stage*, if it happened."""
        at_s = self.at_s.get(stage)
        return None if at_s is None else at_s - began_s
