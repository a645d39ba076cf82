"""Settings of the mock carrier's telephones: how each behaves and what its party says."""

from collections.abc import Callable
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from voicecalld.ids import parse_digits
from voicecalld.section import MILLISECONDS, FromArray, Section

LONGEST_WAIT_MS = 600_000
LONGEST_CALL_MS = 86_400_000
MOST_STEPS = 200


Behaviour: TypeAlias = Literal["answers", "busy", "no-answer", "rejects", "machine"]
Trigger: TypeAlias = Literal["answered", "agent-stops", "agent-speaks"]


class Step(Section):
    """One thing that the telephone's party does: says, plays or presses something, or hangs up.

    A step waits until all earlier ones are finished, then for its trigger to happen.
    """

    say: str | None = Field(
        default=None, min_length=1, max_length=2000, description="The words that the party says."
    )
    wav: str | None = Field(
        default=None,
        min_length=1,
        description="A WAV file that the party plays; relative to the file that names it.",
    )
    press: str | None = Field(
        default=None, description="The keys that the party presses: 0-9 * #, and w to wait 0.5 s."
    )
    hang_up: bool = Field(default=False, description="Whether the party hangs up.")
    when: Trigger = Field(
        default="agent-stops",
        description="What the step waits for: answered, agent-stops or agent-speaks.",
    )
    after_ms: int = Field(
        default=300,
        ge=0,
        le=LONGEST_WAIT_MS,
        description="How long the step then waits.",
        json_schema_extra=MILLISECONDS,
    )

    @field_validator("press")
    @classmethod
    def check_keys(cls, press: str | None) -> str | None:
        """Refuse what no telephone has a key for."""
        return None if press is None else parse_digits(press)

    @model_validator(mode="after")
    def check_one_action(self) -> Self:
        """Refuse a step that does nothing, or several things at once."""
        given = [self.say is not None, self.wav is not None, self.press is not None, self.hang_up]
        if sum(given) != 1:
            raise ValueError("a step has exactly one of: say, wav, press, hang_up = true")
        return self

    def with_paths(self, whole: Callable[[str], str]) -> Self:
        """The same with *whole* of its path, if it has one."""
        return self if self.wav is None else self.model_copy(update={"wav": whole(self.wav)})


class PhoneScript(Section):
    """What a telephone's party does during a call; also the top level of a script file."""

    steps: Annotated[tuple[Step, ...], FromArray] = Field(
        default=(),
        max_length=MOST_STEPS,
        description="What the party does, in order; without steps it listens.",
    )
    record: str = Field(
        default="",
        description=(
            "A stereo WAV file to write: the party on the left, what it heard on the right; "
            "relative to the file that names it."
        ),
    )
    hangs_up_after_ms: int | None = Field(
        default=None,
        ge=0,
        le=LONGEST_CALL_MS,
        description="When the party hangs up at the latest, counted from the answer.",
        json_schema_extra=MILLISECONDS,
    )
    hang_up_when_done: bool = Field(
        default=True,
        description="Whether the party hangs up after its last step and the answer to that.",
    )

    @field_validator("steps")
    @classmethod
    def check_order(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Refuse steps that nobody will be there to do."""
        for number, step in enumerate(steps[:-1], start=1):
            if step.hang_up:
                raise ValueError(f"step {number} hangs up, so it must be the last")
        return steps

    def with_paths(self, whole: Callable[[str], str]) -> Self:
        """The same with *whole* of each path; what names no file still counts as not given."""
        changed: dict[str, object] = {}
        if self.steps:
            changed["steps"] = tuple(step.with_paths(whole) for step in self.steps)
        if self.record:
            changed["record"] = whole(self.record)
        return self.model_copy(update=changed)


class PhoneSettings(PhoneScript):
    """One telephone of the mock carrier."""

    behaviour: Behaviour = Field(
        default="answers",
        description="When it is dialled: answers, busy, no-answer, rejects or machine.",
    )
    answers_after_ms: int | None = Field(
        default=None,
        ge=0,
        le=LONGEST_WAIT_MS,
        description="How long it rings; by default, as long as the carrier's phones do.",
        json_schema_extra=MILLISECONDS,
    )
    script: str = Field(
        default="",
        description="A TOML file with the steps; relative to the file that names it.",
    )

    @model_validator(mode="after")
    def check_one_source(self) -> Self:
        """Refuse steps in two places."""
        if self.script and self.steps:
            raise ValueError("give either script or steps, not both")
        return self

    def with_paths(self, whole: Callable[[str], str]) -> Self:
        """The same with *whole* of each path, that of its script included."""
        phone = super().with_paths(whole)
        if not phone.script:
            return phone
        return phone.model_copy(update={"script": whole(phone.script)})
