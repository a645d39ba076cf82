"""What a service needs that the settings choose; those that they do not choose need nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel
from pydantic_core import InitErrorDetails

from voicecalld.agent_settings import AgentSettings
from voicecalld.contradiction import contradiction
from voicecalld.stt_settings import SttSettings
from voicecalld.tts_settings import TtsSettings
from voicecalld.turn_settings import TurnSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What opens a service: its key, if the setting ``url`` leads to the *vendor* himself.

    A server of the user's own, or of somebody else, may do without.
    """

    vendor: str
    variable: str
    url: str = "base_url"


OPENAI: Final = Account(vendor="openai.com", variable="OPENAI_API_KEY")
DEEPGRAM: Final = Account(vendor="deepgram.com", variable="DEEPGRAM_API_KEY")

ACCOUNTS: Final[Mapping[tuple[str, str], Account]] = {
    ("tts", "elevenlabs"): Account(vendor="elevenlabs.io", variable="ELEVENLABS_API_KEY"),
    ("tts", "openai"): OPENAI,
    ("tts", "deepgram"): DEEPGRAM,
    ("stt", "deepgram"): DEEPGRAM,
    ("stt", "openai"): Account(vendor="openai.com", variable="OPENAI_API_KEY", url="url"),
    ("stt", "openai-http"): OPENAI,
    ("agent", "openai"): OPENAI,
}
"""The services with keys, by section and name; a gateway of OpenClaw's is always one's own."""


def check_synthesizer(tts: TtsSettings) -> Iterator[InitErrorDetails]:
    """The synthesizer that speaks needs its key, and ElevenLabs has no voice of its own choice."""
    if tts.provider == "elevenlabs" and not tts.elevenlabs.voice_id:
        yield needed("tts", "elevenlabs", "voice_id", "set it to the id of one of your voices")
    yield from check_key("tts", tts.provider, tts)


def check_transcriber(stt: SttSettings) -> Iterator[InitErrorDetails]:
    """The transcriber that listens needs its key."""
    yield from check_key("stt", stt.provider, stt)


def check_agent(
    agent: AgentSettings, response_model: str, turn: TurnSettings
) -> Iterator[InitErrorDetails]:
    """The agent that answers needs its key, or its program; asked twice, it must not remember."""
    if turn.speculative and agent.provider != "openai":
        reason = (
            'turn.speculative is true, so this must be "openai", since others remember what they '
            "were asked; or set that to false"
        )
        yield contradiction(reason, "provider", cause=("turn", "speculative"))
    if agent.provider == "openai" and not (agent.openai.model or response_model):
        yield needed("agent", "openai", "model", "set it, or response_model above all tables")
    if agent.provider == "command" and not agent.command.argv:
        yield needed("agent", "command", "argv", "set it to a program and its arguments")
    yield from check_key("agent", agent.provider, agent)


def check_key(section: str, provider: str, chosen: BaseModel) -> Iterator[InitErrorDetails]:
    """The service that *section* chooses may need a key."""
    account = ACCOUNTS.get((section, provider))
    if account is None:
        return
    service = getattr(chosen, provider.replace("-", "_"))
    host = urlsplit(getattr(service, account.url)).hostname or ""
    is_vendor = f".{host}".endswith(f".{account.vendor}")
    if is_vendor and not service.api_key.get_secret_value():
        yield needed(
            section,
            provider,
            "api_key",
            f"set it, or the environment variable {account.variable}, or the credential "
            f"{section}-{provider}-api-key, or {account.url} to a server that needs none",
        )


def needed(section: str, provider: str, key: str, remedy: str) -> InitErrorDetails:
    """The complaint that a service is chosen without *key*."""
    cause = (section, "provider")
    reason = f'{section}.provider is "{provider}", so it is needed: {remedy}'
    return contradiction(reason, provider, key, cause=cause)
