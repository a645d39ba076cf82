"""The settings of those who speak: the synthesizers."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic.config import JsonDict

from voicecalld.section import MILLISECONDS, Secret, Section
from voicecalld.service_settings import HttpUrl, service_key, service_name, service_url

WORDS_PER_MINUTE: JsonDict = {"unit": "words per minute"}
HERTZ: JsonDict = {"unit": "hertz"}

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


class ElevenLabsVoiceSettings(Section):
    """The voices of ElevenLabs."""

    api_key: Secret = service_key(
        "The key of the account that pays", "tts-elevenlabs-api-key", "ELEVENLABS_API_KEY"
    )
    voice_id: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]{0,100}$",
        description="The voice that speaks.",
        json_schema_extra={"form": "the id of a voice, which is letters and digits"},
    )
    model_id: str = service_name(
        "eleven_flash_v2_5",
        "The model that speaks with that voice.",
        "the id of a model such as eleven_flash_v2_5",
    )
    base_url: HttpUrl = service_url(
        "https://api.elevenlabs.io", "Where the service is, without its version."
    )
    streaming: Literal["websocket", "http"] = Field(
        default="websocket",
        description=(
            "How text goes there: over WebSockets that calls share, which is faster and tells "
            "where the words are in the sound, or with a request for each sentence."
        ),
    )


class OpenaiVoiceSettings(Section):
    """The voices of OpenAI, and of the many servers that speak its protocol."""

    api_key: Secret = service_key(
        "The key of the service, which a server of your own may not want",
        "tts-openai-api-key",
        "OPENAI_API_KEY",
    )
    model: str = service_name(
        "gpt-4o-mini-tts",
        "The model that speaks, which other servers than OpenAI's name as they like; OpenAI ends "
        "all its models of this kind on 2027-01-06 and has none that speaks in their place: from "
        "then on, base_url must lead elsewhere.",
        "the name of a model",
    )
    voice: str = service_name("marin", "The voice that speaks.", "the name of a voice")
    base_url: HttpUrl = service_url(
        "https://api.openai.com/v1", "What is in front of /audio/speech."
    )
    pcm_rate_hz: int = Field(
        default=24_000,
        ge=8_000,
        le=48_000,
        description="The rate of the sound that is answered, which is not written in it.",
        json_schema_extra=HERTZ,
    )
    instructions: str = Field(
        default="",
        max_length=2_000,
        description="How to speak, for models that can be told; nothing is sent if it is empty.",
    )
    speed: float | None = Field(
        default=None,
        ge=0.25,
        le=4,
        description="How fast to speak, 1 being as usual, for models that can be told.",
    )


class DeepgramVoiceSettings(Section):
    """The voices of Deepgram."""

    api_key: Secret = service_key(
        "The key of the account that pays", "tts-deepgram-api-key", "DEEPGRAM_API_KEY"
    )
    model: str = service_name(
        "aura-2-thalia-en",
        "The voice that speaks, which is a model.",
        "a model such as aura-2-thalia-en",
    )
    base_url: HttpUrl = service_url(
        "https://api.deepgram.com", "Where the service is, without its version."
    )


class TtsSettings(Section):
    """The synthesizer: text to speech."""

    provider: Literal["embedded", "elevenlabs", "openai", "deepgram"] = Field(
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
    elevenlabs: ElevenLabsVoiceSettings = ElevenLabsVoiceSettings()
    openai: OpenaiVoiceSettings = OpenaiVoiceSettings()
    deepgram: DeepgramVoiceSettings = DeepgramVoiceSettings()

    @field_validator("provider", mode="before")
    @classmethod
    def check_fit_for_calls(cls, provider: object) -> object:
        """Refuse, with the reason, a service that people know and that cannot work here."""
        if isinstance(provider, str) and provider in NOT_FOR_CALLS:
            raise ValueError(NOT_FOR_CALLS[provider])
        return provider


SameAsTts = Annotated[TtsSettings, Field(json_schema_extra={"same_as": "tts"})]


class MessagesSettings(Section):
    """What is shared with programs that speak other messages; all but tts is theirs alone."""

    tts: SameAsTts = TtsSettings()
