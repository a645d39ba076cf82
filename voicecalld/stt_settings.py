"""The settings of those who listen: the transcribers."""

from typing import Annotated, Literal

from pydantic import Field

from voicecalld.phrases import DEFAULT_PHRASES
from voicecalld.section import FromArray, Secret, Section
from voicecalld.service_settings import (
    EITHER_URL_FORM,
    SOCKET_URL_FORM,
    EitherUrl,
    HttpUrl,
    SocketUrl,
    service_key,
    service_name,
    service_url,
)

Phrase = Annotated[str, Field(min_length=1, max_length=200)]
Keyterm = Annotated[str, Field(min_length=1, max_length=100)]


class EmbeddedRecognitionSettings(Section):
    """The transcriber that needs neither an account nor a network."""

    phrases: Annotated[tuple[Phrase, ...], FromArray] = Field(
        default=DEFAULT_PHRASES,
        min_length=1,
        max_length=1_000,
        description="The only sentences that the embedded transcriber can make out.",
        json_schema_extra={"item": "a text of 1 to 200 characters"},
    )


class DeepgramEarsSettings(Section):
    """The ears of Deepgram."""

    api_key: Secret = service_key(
        "The key of the account that pays", "stt-deepgram-api-key", "DEEPGRAM_API_KEY"
    )
    model: str = service_name(
        "nova-3",
        "The model that listens; with one whose name begins with flux- the second version of the "
        "protocol is spoken.",
        "a model such as nova-3 or flux-general-en",
    )
    base_url: EitherUrl = service_url(
        "https://api.deepgram.com",
        "Where the service is, without its version.",
        EITHER_URL_FORM,
    )
    keyterms: Annotated[tuple[Keyterm, ...], FromArray] = Field(
        default=(),
        max_length=100,
        description="Names and words that callers use and that are not in every dictionary.",
        json_schema_extra={"item": "a text of 1 to 100 characters"},
    )


class OpenaiEarsSettings(Section):
    """The ears of OpenAI that listen while somebody speaks, over its realtime protocol."""

    api_key: Secret = service_key(
        "The key of the service, which a server of your own may not want",
        "stt-openai-api-key",
        "OPENAI_API_KEY",
    )
    model: str = service_name(
        "gpt-live-transcribe", "The model that listens.", "the name of a model"
    )
    url: SocketUrl = service_url(
        "wss://api.openai.com/v1/realtime?intent=transcription",
        "Where the service is; the model is added for other hosts than OpenAI's.",
        SOCKET_URL_FORM,
    )
    dialect: Literal["ga", "beta"] = Field(
        default="ga",
        description="The shape of the messages: OpenAI's own, or the one that it had before.",
    )


class OpenaiHttpEarsSettings(Section):
    """The ears of the many servers that take a whole utterance at /audio/transcriptions."""

    api_key: Secret = service_key(
        "The key of the service, which a server of your own may not want",
        "stt-openai-http-api-key",
        "OPENAI_API_KEY",
    )
    model: str = service_name(
        "gpt-transcribe",
        "The model that listens, which other servers than OpenAI's name as they like.",
        "the name of a model",
    )
    base_url: HttpUrl = service_url(
        "https://api.openai.com/v1",
        "What is in front of /audio/transcriptions, whose answer to an utterance is waited for as "
        "long as turn.transcription_timeout_ms allows.",
    )


class SttSettings(Section):
    """The transcriber: speech to text."""

    provider: Literal["embedded", "deepgram", "openai", "openai-http"] = Field(
        default="embedded",
        description="The transcriber that turns the other party's speech into words.",
    )
    embedded: EmbeddedRecognitionSettings = EmbeddedRecognitionSettings()
    deepgram: DeepgramEarsSettings = DeepgramEarsSettings()
    openai: OpenaiEarsSettings = OpenaiEarsSettings()
    openai_http: OpenaiHttpEarsSettings = Field(
        default=OpenaiHttpEarsSettings(), alias="openai-http"
    )
