"""The people at the other end of a simulated carrier: what they do when it rings, and then say."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from voicecalld.config_file import parse_document
from voicecalld.errors import BadScriptError
from voicecalld.exchange.party import Party, Plan
from voicecalld.exchange.planning import LoadedScript, build_plan, load_phone
from voicecalld.exchange.script_file import LARGEST_SCRIPT_BYTES, read_file
from voicecalld.phone_settings import PhoneSettings, Step
from voicecalld.speech.base import Synthesizer

ANSWERS_AFTER_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """A telephone and its party, scripted as those of the mock carrier are.

    ``sounds`` are mu-law at 8 kHz, which steps name as their ``wav``. ``answered_by`` is what the
    carrier's machine detection says after ``detection_s``, in the carrier's own words; by
    default, the truth.
    """

    phone: PhoneSettings
    sounds: Mapping[str, bytes] = field(default_factory=dict)
    answered_by: str = ""
    detection_s: float = 1.0

    @property
    def answers_after_s(self) -> float:
        """How long it rings; where nobody answers, the network gives up then, if it is set."""
        ms = self.phone.answers_after_ms
        if ms is not None:
            return ms / 1000
        return math.inf if self.phone.behaviour == "no-answer" else ANSWERS_AFTER_S

    @property
    def is_machine(self) -> bool:
        """Whether nobody is at home."""
        return self.phone.behaviour == "machine"


def build_callee(
    *steps: Mapping[str, Any],
    sounds: Mapping[str, bytes] | None = None,
    answered_by: str = "",
    detection_s: float = 1.0,
    **phone: Any,
) -> Callee:
    """A callee by the settings of its telephone, such as ``{"say": "Hello?"}`` for a step."""
    settings = PhoneSettings.model_validate({"steps": list(steps), **phone})
    return Callee(
        phone=settings, sounds=sounds or {}, answered_by=answered_by, detection_s=detection_s
    )


def read_callee(path: Path) -> Callee:
    """The callee in the TOML file at *path*, which holds the settings of one telephone.

    Raises:
        BadScriptError, ConfigError: there is none, or it is wrong; one line for each mistake.
    """
    try:
        text = read_file(path, LARGEST_SCRIPT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadScriptError(f"{path}: not UTF-8 text") from error
    phone = parse_document(text, str(path), PhoneSettings)
    return Callee(phone=phone.with_paths(lambda name: str(path.parent / name)))


class Person(Party):
    """Follows the callee's plan, and lets the carrier's recogniser know what it says."""

    def __init__(self, plan: Plan, steps: tuple[Step, ...], *, answered_s: float) -> None:
        super().__init__(plan, answered_s=answered_s)
        self.plan = plan
        self.steps = steps

    @property
    def speaking(self) -> int | None:
        """The number of the step whose words are being said; None: the person is silent."""
        if self._sound is None or self._next_step >= len(self.steps):
            return None
        return None if self.steps[self._next_step].press is not None else self._next_step

    def words_of(self, step: int) -> str:
        """What a recogniser makes of a step; a sound without words gives none."""
        return self.steps[step].say or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A callee with all its sound ready, so that it can answer at once."""

    callee: Callee
    plan: Plan
    steps: tuple[Step, ...]

    def pick_up(self, now_s: float) -> Person:
        """The person that takes the receiver at *now_s*."""
        return Person(self.plan, self.steps, answered_s=now_s)


async def prepare(callee: Callee, voice: Synthesizer) -> Prepared:
    """Read the callee's files and say its words in advance."""
    loaded = await load_without(callee)
    plan = await build_plan(loaded, voice)
    return Prepared(callee=callee, plan=plan, steps=loaded.script.steps)


async def load_without(callee: Callee) -> LoadedScript:
    """The callee's script; steps whose sound is given name no file."""
    if not callee.sounds:
        return await load_phone(callee.phone)
    return replace(LoadedScript(script=callee.phone), sounds=callee.sounds)
