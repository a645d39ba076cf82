"""What the operator is warned of when services are chosen that will not do as it is meant."""

import pytest

from voicecalld.config_file import parse_config
from voicecalld.network_carrier import find_warnings

OPENCLAW = "agent.provider = 'openclaw'\nagent.openclaw.token = 'hunter2'\n"
DEEPGRAM = "stt.provider = 'deepgram'\nstt.deepgram.api_key = 'hunter2'\n"
FLUX = "stt.deepgram.model = 'flux-general-en'\n"
OPEN_GATEWAY = (
    "agent.openclaw.token is not given: a gateway that wants one refuses every answer; "
    "set it, or the environment variable OPENCLAW_GATEWAY_TOKEN"
)
NO_AGENT = (
    'response_model is "{}", which names no agent, so it is taken for a model: '
    'write "openclaw:main", say, or remove it'
)
OPENAI_VOICE = "tts.provider = 'openai'\ntts.openai.api_key = 'hunter2'\n"
ENDS = (
    'tts.openai.model is "gpt-4o-mini-tts", and OpenAI ends all models that speak over this '
    "protocol on 2027-01-06: before then set tts.openai.base_url to another server, or "
    'tts.provider to another service, such as "elevenlabs" or "deepgram"'
)
ENGLISH_ONLY = (
    'stt.deepgram.model is "flux-general-en", which understands English only, and language is '
    '"de-DE": choose another model, such as nova-3'
)


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("", []),
        ("response_model = 'openclaw:'", []),
        (OPENCLAW, []),
        ("agent.provider = 'openclaw'", [OPEN_GATEWAY]),
        (f"response_model = 'openclaw:main'\n{OPENCLAW}", []),
        (f"response_model = 'openclaw/desk.2'\n{OPENCLAW}", []),
        (f"response_model = 'gpt-5-mini'\n{OPENCLAW}", []),
        (f"response_model = 'openclaw:'\n{OPENCLAW}", [NO_AGENT.format("openclaw:")]),
        (f"response_model = 'openclaw/a/b'\n{OPENCLAW}", [NO_AGENT.format("openclaw/a/b")]),
        (f"{DEEPGRAM}{FLUX}", []),
        (f"language = 'en-GB'\n{DEEPGRAM}{FLUX}", []),
        (f"language = 'de-DE'\n{DEEPGRAM}", []),
        (f"language = 'de-DE'\n{FLUX}", []),
        (f"language = 'de-DE'\n{DEEPGRAM}{FLUX}", [ENGLISH_ONLY]),
        (OPENAI_VOICE, [ENDS]),
        (f"{OPENAI_VOICE}tts.openai.base_url = 'https://speech.example/v1'\n", []),
        ("tts.openai.model = 'tts-1'", []),
    ],
)
def test_the_operator_is_warned_of_what_was_hardly_meant(text: str, warnings: list[str]) -> None:
    settings = parse_config(text, "FILE")

    assert [*find_warnings(settings)] == warnings
