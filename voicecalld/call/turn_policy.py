"""The numbers and words that turn taking goes by."""

from dataclasses import dataclass

from voicecalld.call.record import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPolicy:
    """What the settings say of turns; a ``silence_s`` of 0 allows any silence."""

    mode: Mode
    opening: str
    endpoint_silence_s: float
    transcript_s: float
    silence_s: float
    silence_prompt: str
    notify_hangup_delay_s: float

    @property
    def is_interruptible(self) -> bool:
        """A notification is said to its end: nobody on our side would listen."""
        return self.mode is Mode.CONVERSATION
