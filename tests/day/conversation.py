"""A conversation as one value: what they do and when, and how well our services work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from tests.day.ears import Hearing
from tests.day.mind import Reply
from tests.day.voices import Hoarse
from voicecalld.call.record import Mode
from voicecalld.phone_settings import Trigger

Step: TypeAlias = dict[str, Any]

AFTER_US: Final = 0.4
WELL: Final = Hearing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One call.

    ``about`` says in a sentence what it shows. ``opening`` is said first on a call that we place;
    one that ``is_inbound`` has the greeting of the settings. Nobody
    speaks for ``longest_silence_s`` at most. ``differs`` says, by carrier, why it has a golden
    transcript of its own there.
    """

    name: str
    about: str
    steps: tuple[Step, ...] = ()
    opening: str = "Hello."
    replies: tuple[Reply, ...] = ("All right.",)
    hearing: Hearing = WELL
    hoarse: tuple[Hoarse, ...] = ()
    is_inbound: bool = False
    mode: Mode = Mode.CONVERSATION
    hangs_up_after_s: float | None = None
    hang_up_when_done: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    longest_silence_s: float = 3.0
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def phone(self) -> dict[str, Any]:
        """The settings of their telephone."""
        limit_s = self.hangs_up_after_s
        return {
            "steps": list(self.steps),
            "hangs_up_after_ms": None if limit_s is None else round(limit_s * 1000),
            "hang_up_when_done": self.hang_up_when_done,
        }


# --- what they do ---------------------------------------------------------------------


def says(text: str, *, when: Trigger = "agent-stops", after_s: float = AFTER_US) -> Step:
    """They say *text*; see `tests.day.voices.TheirVoice`."""
    return {"say": text, "when": when, "after_ms": round(after_s * 1000)}


def says_over_us(text: str, *, after_s: float) -> Step:
    """They say *text* when we have spoken for *after_s*."""
    return says(text, when="agent-speaks", after_s=after_s)


def presses(keys: str, *, when: Trigger = "agent-stops", after_s: float = AFTER_US) -> Step:
    """They press *keys*."""
    return {"press": keys, "when": when, "after_ms": round(after_s * 1000)}


def hangs_up(*, when: Trigger = "agent-stops", after_s: float = AFTER_US) -> Step:
    """They put the receiver down."""
    return {"hang_up": True, "when": when, "after_ms": round(after_s * 1000)}
