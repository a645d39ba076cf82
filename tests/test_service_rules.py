"""What a service that is chosen needs, and that no other needs anything."""

import pytest

from tests.test_config_file import problems
from voicecalld.config_file import parse_config


def key_problem(section: str, provider: str, variable: str, url: str = "base_url") -> str:
    return (
        f'{section}.{provider}.api_key: {section}.provider is "{provider}", so it is needed: '
        f"set it, or the environment variable {variable}, or the credential "
        f"{section}-{provider}-api-key, or {url} to a server that needs none"
    )


VOICE_ID = (
    'tts.elevenlabs.voice_id: tts.provider is "elevenlabs", so it is needed: '
    "set it to the id of one of your voices"
)
MODEL = (
    'agent.openai.model: agent.provider is "openai", so it is needed: '
    "set it, or response_model above all tables"
)
ARGV = (
    'agent.command.argv: agent.provider is "command", so it is needed: '
    "set it to a program and its arguments"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "tts.provider = 'elevenlabs'",
            [VOICE_ID, key_problem("tts", "elevenlabs", "ELEVENLABS_API_KEY")],
        ),
        ("tts.provider = 'openai'", [key_problem("tts", "openai", "OPENAI_API_KEY")]),
        ("tts.provider = 'deepgram'", [key_problem("tts", "deepgram", "DEEPGRAM_API_KEY")]),
        ("stt.provider = 'deepgram'", [key_problem("stt", "deepgram", "DEEPGRAM_API_KEY")]),
        ("stt.provider = 'openai'", [key_problem("stt", "openai", "OPENAI_API_KEY", "url")]),
        ("stt.provider = 'openai-http'", [key_problem("stt", "openai-http", "OPENAI_API_KEY")]),
        (
            "agent.provider = 'openai'",
            [MODEL, key_problem("agent", "openai", "OPENAI_API_KEY")],
        ),
        ("agent.provider = 'command'", [ARGV]),
        # The vendor's hosts in other parts of the world are the vendor's as well.
        (
            "tts.provider = 'openai'\ntts.openai.base_url = 'https://eu.api.openai.com/v1'",
            [key_problem("tts", "openai", "OPENAI_API_KEY")],
        ),
        (
            "stt.provider = 'deepgram'\nstt.deepgram.base_url = 'wss://api.eu.deepgram.com'",
            [key_problem("stt", "deepgram", "DEEPGRAM_API_KEY")],
        ),
    ],
)
def test_what_is_missing_is_asked_for_with_every_way_to_give_it(
    text: str, expected: list[str]
) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "tts.provider = 'elevenlabs'\ntts.elevenlabs = {voice_id = 'a', api_key = 'k'}",
        "tts.provider = 'openai'\ntts.openai.api_key = 'k'",
        "tts.provider = 'openai'\ntts.openai.base_url = 'http://127.0.0.1:8880/v1'",
        "tts.provider = 'openai'\ntts.openai.base_url = 'https://notopenai.com/v1'",
        "tts.provider = 'deepgram'\ntts.deepgram.api_key = 'k'",
        "stt.provider = 'deepgram'\nstt.deepgram.base_url = 'ws://127.0.0.1:8000'",
        "stt.provider = 'openai'\nstt.openai.url = 'ws://127.0.0.1:8000/v1/realtime'",
        "stt.provider = 'openai-http'\nstt.openai-http.base_url = 'http://gpu.lan/v1'",
        "agent.provider = 'openai'\nagent.openai = {model = 'm', api_key = 'k'}",
        "response_model = 'm'\nagent.provider = 'openai'\nagent.openai.api_key = 'k'",
        (
            "agent.provider = 'openai'\n"
            "agent.openai = {model = 'm', base_url = 'http://localhost:11434/v1'}"
        ),
        "agent.provider = 'openclaw'",
        "agent.provider = 'command'\nagent.command.argv = ['cat']",
    ],
)
def test_with_what_it_needs_a_service_is_accepted(text: str) -> None:
    settings = parse_config(text, "FILE")

    chosen = {settings.tts.provider, settings.stt.provider, settings.agent.provider}
    assert chosen != {"embedded"}


def test_what_is_not_chosen_needs_nothing_but_must_be_well_formed() -> None:
    assert parse_config("tts.elevenlabs.model_id = 'eleven_v3'", "FILE").tts.provider == "embedded"
    assert problems("tts.elevenlabs.model_id = 5") == [
        "tts.elevenlabs.model_id: found 5, allowed: the id of a model such as eleven_flash_v2_5"
    ]


def test_a_service_that_is_wrong_in_itself_is_not_blamed_for_what_it_lacks() -> None:
    (problem,) = problems("tts.provider = 'elevenlabs'\ntts.elevenlabs.streaming = 'mp3'")

    assert problem == ('tts.elevenlabs.streaming: found "mp3", allowed: "websocket" or "http"')


def test_all_that_services_lack_is_told_together() -> None:
    found = problems("tts.provider = 'openai'\nstt.provider = 'deepgram'\nring_timeout_ms = 1")

    assert [line.partition(":")[0] for line in found] == [
        "ring_timeout_ms",
        "tts.openai.api_key",
        "stt.deepgram.api_key",
    ]


@pytest.mark.parametrize(
    "agent",
    [
        "agent.provider = 'openclaw'",
        "agent.provider = 'command'\nagent.command.argv = ['cat']",
    ],
)
def test_who_remembers_what_he_was_asked_cannot_be_asked_on_suspicion(agent: str) -> None:
    (problem,) = problems(f"turn.speculative = true\n{agent}")

    assert problem.startswith('agent.provider: turn.speculative is true, so this must be "openai"')


def test_who_is_told_everything_anew_can_be_asked_on_suspicion() -> None:
    settings = parse_config(
        "turn.speculative = true\nagent.provider = 'openai'\n"
        "agent.openai = {model = 'm', api_key = 'k'}",
        "FILE",
    )

    assert settings.turn.speculative
