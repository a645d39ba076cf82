"""The settings of those who speak, listen and think: synthesizer, transcriber and agent."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic.config import JsonDict

from voicecalld.phrases import DEFAULT_PHRASES
from voicecalld.section import MILLISECONDS, FromArray, Section

WORDS_PER_MINUTE: JsonDict = {"unit": "words per minute"}

Phrase = Annotated[str, Field(min_length=1, max_length=200)]

NOT_FOR_CALLS = {
    "edge": "Edge speech is not for calls: it only delivers MP3, and from an unofficial service",
}


class EmbeddedVoiceSettings(Section):
    """The voice that needs neither an account nor a network."""

    voice: str = Field(
        default="en-us",
        pattern=r"^[a-z]{2,3}(-[a-z0-9]+)*(\+[a-zA-Z0-9]+)?$",
        description="The voice of the embedded synthesizer.",
        json_schema_extra={"form": "a voice of espeak-ng such as en-us or en-gb+f3"},
    )
    words_per_minute: int = Field(
        default=165,
        ge=80,
        le=450,
        description="How fast the embedded synthesizer speaks.",
        json_schema_extra=WORDS_PER_MINUTE,
    )


class TtsSettings(Section):
    """The synthesizer: text to speech."""

    provider: Literal["embedded"] = Field(
        default="embedded",
        description="The synthesizer that speaks our side of a call.",
    )
    timeout_ms: int = Field(
        default=8_000,
        ge=100,
        le=60_000,
        description="How long to wait for the first sound of a prompt.",
        json_schema_extra=MILLISECONDS,
    )
    embedded: EmbeddedVoiceSettings = EmbeddedVoiceSettings()

    @field_validator("provider", mode="before")
    @classmethod
    def check_fit_for_calls(cls, provider: object) -> object:
        """Refuse, with the reason, a service that people know and that cannot work here."""
        if isinstance(provider, str) and provider in NOT_FOR_CALLS:
            raise ValueError(NOT_FOR_CALLS[provider])
        return provider


class EmbeddedRecognitionSettings(Section):
    """The transcriber that needs neither an account nor a network."""

    phrases: Annotated[tuple[Phrase, ...], FromArray] = Field(
        default=DEFAULT_PHRASES,
        min_length=1,
        max_length=1_000,
        description="The only sentences that the embedded transcriber can make out.",
        json_schema_extra={"item": "a text of 1 to 200 characters"},
    )


class SttSettings(Section):
    """The transcriber: speech to text."""

    provider: Literal["embedded"] = Field(
        default="embedded",
        description="The transcriber that turns the other party's speech into words.",
    )
    embedded: EmbeddedRecognitionSettings = EmbeddedRecognitionSettings()


class ReceptionistSettings(Section):
    """The agent that needs neither an account nor a network."""

    name: str = Field(
        default="Robin",
        min_length=1,
        max_length=100,
        description="The name by which the embedded agent introduces itself.",
    )
    company: str = Field(
        default="the office",
        min_length=1,
        max_length=100,
        description="The company or place for which the embedded agent answers.",
    )


class AgentSettings(Section):
    """The agent: decides what to say."""

    provider: Literal["embedded"] = Field(
        default="embedded",
        description="The agent that decides what our side of a call says.",
    )
    embedded: ReceptionistSettings = ReceptionistSettings()
