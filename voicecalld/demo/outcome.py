"""What became of the demo's call, and whether that is what was to be shown.

All of it is asked of the daemon when the call is over; nothing is remembered from its course.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecalld.call.latency import STAGES
from voicecalld.ctl.client import Client
from voicecalld.errors import DemoFailedError
from voicecalld.rpc.json_line import Json, JsonObject

LOUD: Final = 1000  # -30 dBFS in 16-bit steps; a word is louder, a line's noise is not
LEAST_LOUD_SAMPLES: Final = 800  # a tenth of a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one party said; *cut_short* behind its last word."""

    is_agent: bool
    text: str
    cut_short: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A call that is over; each turn has its stages by their names on the wire."""

    said: tuple[Said, ...]
    turns: tuple[Mapping[str, float], ...]
    end_reason: str

    @property
    def by_agent(self) -> list[Said]:
        """What the agent said."""
        return [said for said in self.said if said.is_agent]

    @property
    def by_callee(self) -> list[Said]:
        """What the agent understood of the callee."""
        return [said for said in self.said if not said.is_agent]


def ask_outcome(client: Client, call_id: str) -> Outcome:
    """What the daemon remembers of a call."""
    which: JsonObject = {"callId": call_id}
    status = client.call("voicecall.status", which)
    transcript = client.call("voicecall.transcript", which)
    latency = client.call("voicecall.latency", which)
    match status:
        case {"call": {"endReason": str(reason)}}:
            return Outcome(
                said=tuple(parse_said(item) for item in items(transcript, "utterances")),
                turns=tuple(parse_turn(item) for item in items(latency, "turns")),
                end_reason=reason,
            )
        case _:
            raise DemoFailedError(f"the daemon does not know how the call ended: {status}")


def items(result: JsonObject, name: str) -> Sequence[Json]:
    """A member that is a list."""
    found = result.get(name)
    return found if isinstance(found, list) else []


def parse_said(item: Json) -> Said:
    """An utterance of the wire."""
    match item:
        case {"speaker": "bot", "text": str(text), "interrupted": True}:
            return Said(is_agent=True, text=text, cut_short=True)
        case {"speaker": "user" | "bot" as speaker, "text": str(text)}:
            return Said(is_agent=speaker == "bot", text=text, cut_short=False)
        case _:
            raise DemoFailedError(f"not an utterance: {item}")


def parse_turn(item: Json) -> Mapping[str, float]:
    """The stages of a turn of the wire, in milliseconds."""
    if not isinstance(item, dict):
        raise DemoFailedError(f"not a turn: {item}")
    stages = {name: item.get(name) for name in STAGES}
    return {name: float(ms) for name, ms in stages.items() if isinstance(ms, int | float)}


# --- was that the conversation that was to be shown? ----------------------------------


def find_problems(
    outcome: Outcome, script: Sequence[str], intended: Callable[[str], str]
) -> Iterator[str]:
    """In what the call was not as it should have been, a sentence each; nothing if it was.

    Args:
        outcome: the call.
        script: what the callee said, sentence by sentence.
        intended: gives what the agent wants to answer to somebody's words.
    """
    heard = [said.text for said in outcome.by_callee]
    if heard != list(script):
        yield f"the callee said {list(script)}, and the agent understood {heard}"
    if min(len(outcome.by_agent), len(outcome.by_callee)) < 2:
        yield "one side spoke less than twice"
    yield from find_barge_in_problems(outcome, intended)
    yield from find_latency_problems(outcome)
    if outcome.end_reason != "hangup-bot":
        yield f"the agent should have hung up, but the call ended: {outcome.end_reason}"


def find_barge_in_problems(outcome: Outcome, intended: Callable[[str], str]) -> Iterator[str]:
    """Whether one answer ends where the callee cut it, and all others are whole."""
    cut = [number for number, said in enumerate(outcome.said) if said.cut_short]
    if len(cut) != 1:
        yield f"{len(cut)} answers were cut short, not one"
        return
    heard = outcome.said[cut[0]].text
    questions = [said.text for said in outcome.said[: cut[0]] if not said.is_agent]
    whole = intended(questions[-1]) if questions else ""
    if heard == whole or not whole.startswith(heard):
        yield f"the callee heard {heard!r}, which is not the beginning of {whole!r}"


def find_latency_problems(outcome: Outcome) -> Iterator[str]:
    """Whether each answer was measured."""
    answers = len(outcome.by_callee)
    measured = [turn for turn in outcome.turns if "firstFrameMs" in turn]
    if len(measured) != answers:
        yield f"{answers} turns were to be answered, and {len(measured)} have a latency"


def find_silent_sides(stereo: npt.NDArray[np.int16]) -> Iterator[str]:
    """Which sides of a recording, shaped (samples, 2), hold no speech."""
    for side, name in enumerate(("left, the callee", "right, the agent")):
        loud = np.count_nonzero(np.abs(stereo[:, side].astype(np.int32)) > LOUD)
        if loud < LEAST_LOUD_SAMPLES:
            yield f"the recording is silent on one side: {name}"
