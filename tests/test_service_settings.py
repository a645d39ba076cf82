"""What is accepted as the key and as the address of a service."""

import pytest

from tests.test_config_file import problems
from voicecalld.config_file import parse_config
from voicecalld.service_settings import WHERE_PLAIN, is_private


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "172.16.0.9",
        "192.168.1.20",
        "100.100.1.1",  # Tailscale
        "169.254.7.7",
        "fd00::5",
        "fe80::1",
        "::ffff:10.0.0.1",
        "ollama",
        "whisper.local",
        "gpu.lan",
        "speech.internal",
        "nas.home.arpa",
        "box1.localhost",
        "7up",
    ],
)
def test_a_host_of_ones_own_is_private(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com",
        "8.8.8.8",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "224.0.0.251",
        "local.example.com",
        "mylocal.de",
        "134744072",  # 8.8.8.8 as well
        "0x08080808",
    ],
)
def test_a_host_of_somebody_else_is_not(host: str) -> None:
    assert not is_private(host)


HTTP = [
    "tts.elevenlabs.base_url",
    "tts.openai.base_url",
    "tts.deepgram.base_url",
    "stt.openai-http.base_url",
    "agent.openai.base_url",
    "agent.openclaw.base_url",
]


@pytest.mark.parametrize("key", HTTP)
@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "https://api.example.com:8443",
        "http://127.0.0.1:8000/v1",
        "http://[::1]:8000/v1",
        "http://gpu.lan/v1",
    ],
)
def test_a_service_may_be_asked_with_tls_or_near_by(key: str, url: str) -> None:
    settings = parse_config(f"{key} = '{url}'", "FILE")

    assert url in str(settings)


@pytest.mark.parametrize("key", HTTP)
@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "wss://api.example.com",
        "api.example.com",
        "https://",
        "https://a b",
        "https://api.example.com:port",
        "https://[::1",
        "https://api.example.com/v1#a",
        "https://api.example.com/v1?",
        "",
    ],
)
def test_every_other_address_is_refused_with_what_is_allowed_and_why(key: str, url: str) -> None:
    (problem,) = problems(f"{key} = '{url}'")

    assert problem == (
        f'{key}: found "{url}", allowed: an https URL without user, query and fragment; '
        f"http {WHERE_PLAIN}"
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.com/v1?key=hunter2", "https://api.example.com/v1?..."),
        ("https://me:hunter2@api.example.com", "https://...@api.example.com"),
        ("https://hunter2@me@api.example.com/?a=hunter2#a", "https://...@api.example.com/?..."),
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(url: str, shown: str) -> None:
    (problem,) = problems(f"tts.openai.base_url = '{url}'")

    assert problem.startswith(f'tts.openai.base_url: found "{shown}", allowed: an https URL')


def test_an_address_loses_the_slash_at_its_end() -> None:
    settings = parse_config("tts.openai.base_url = 'https://api.example.com/v1/'", "FILE")

    assert settings.tts.openai.base_url == "https://api.example.com/v1"


@pytest.mark.parametrize(
    "url",
    [
        "wss://api.example.com/v1/realtime?intent=transcription",
        "ws://127.0.0.1:8000/v1/realtime",
        "ws://gpu.lan/v1/realtime",
    ],
)
def test_the_address_of_a_websocket_may_have_a_query(url: str) -> None:
    assert parse_config(f"stt.openai.url = '{url}'", "FILE").stt.openai.url == url


@pytest.mark.parametrize("url", ["https://api.example.com", "ws://api.example.com", "wss://b#c"])
def test_no_other_address_of_a_websocket_will_do(url: str) -> None:
    (problem,) = problems(f"stt.openai.url = '{url}'")

    assert problem == (
        f'stt.openai.url: found "{url}", allowed: a wss URL without user and fragment; '
        f"ws {WHERE_PLAIN}"
    )


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_deepgram_may_be_written_either_way(scheme: str) -> None:
    url = f"{scheme}://api.example.com"

    settings = parse_config(f"stt.deepgram.base_url = '{url}'", "FILE")

    assert settings.stt.deepgram.base_url == url


@pytest.mark.parametrize(
    "url", ["http://api.example.com", "ws://api.example.com", "wss://a.example/?"]
)
def test_deepgram_cannot_be_written_in_clear_or_with_a_query(url: str) -> None:
    (problem,) = problems(f"stt.deepgram.base_url = '{url}'")

    assert problem == (
        f'stt.deepgram.base_url: found "{url}", allowed: an https or wss URL without user, query '
        f"and fragment; http or ws {WHERE_PLAIN}"
    )


KEYS = [
    "tts.elevenlabs.api_key",
    "tts.openai.api_key",
    "tts.deepgram.api_key",
    "stt.deepgram.api_key",
    "stt.openai.api_key",
    "stt.openai-http.api_key",
    "agent.openai.api_key",
    "agent.openclaw.token",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("'two words'", "9 characters that are not shown"),
        ("'t\u00fcr'", "3 characters that are not shown"),
        (f"'{'k' * 4001}'", "4001 characters that are not shown"),
        ("5", "a value that is not shown"),
    ],
)
def test_a_key_that_cannot_be_right_is_refused_and_not_shown(
    key: str, value: str, found: str
) -> None:
    (problem,) = problems(f"{key} = {value}")

    assert problem == (
        f"{key}: found {found}, allowed: a text of at most 4000 characters of ASCII, "
        "without blanks"
    )


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_not_shown_with_the_settings(key: str) -> None:
    settings = parse_config(f"{key} = 'hunter2'", "FILE")

    assert "hunter2" not in f"{settings!r} {settings}"
