"""What the settings of services allow, and what probably was not meant."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from voicecalld.settings import Settings

# What looks like the name of a gateway's agent, and names none.
NO_AGENT: Final = re.compile(r"openclaw[:/](?![A-Za-z0-9][A-Za-z0-9._-]*\Z)")


def find_service_warnings(settings: Settings) -> Iterator[str]:
    """What the chosen services probably will not do as it is meant."""
    yield from warn_of_gateway(settings)
    yield from warn_of_language(settings)
    yield from warn_of_end(settings)


def warn_of_gateway(settings: Settings) -> Iterator[str]:
    """A gateway wants a token, and the name of one of its agents."""
    if settings.agent.provider != "openclaw":
        return
    if not settings.agent.openclaw.token.get_secret_value():
        yield (
            "agent.openclaw.token is not given: a gateway that wants one refuses every answer; "
            "set it, or the environment variable OPENCLAW_GATEWAY_TOKEN"
        )
    if NO_AGENT.match(settings.response_model):
        yield (
            f'response_model is "{settings.response_model}", which names no agent, so it is taken '
            'for a model: write "openclaw:main", say, or remove it'
        )


def warn_of_language(settings: Settings) -> Iterator[str]:
    """Some models understand one language only, which is in their names."""
    model = settings.stt.deepgram.model
    is_english = settings.language.partition("-")[0] == "en"
    is_for_english = model.startswith("flux-") and model.endswith("-en")
    if settings.stt.provider == "deepgram" and is_for_english and not is_english:
        yield (
            f'stt.deepgram.model is "{model}", which understands English only, and language is '
            f'"{settings.language}": choose another model, such as nova-3'
        )


def warn_of_end(settings: Settings) -> Iterator[str]:
    """OpenAI's own voices end; other servers that speak as it does go on."""
    chosen = settings.tts.openai
    is_openai = urlsplit(chosen.base_url).hostname == "api.openai.com"
    if settings.tts.provider == "openai" and is_openai:
        yield (
            f'tts.openai.model is "{chosen.model}", and OpenAI ends all models that speak over '
            "this protocol on 2027-01-06: before then set tts.openai.base_url to another server, "
            'or tts.provider to another service, such as "elevenlabs" or "deepgram"'
        )
