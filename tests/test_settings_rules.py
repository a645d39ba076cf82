"""Settings that contradict one another, and those that only look as if they did."""

from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from voicecalld.settings import Settings
from voicecalld.settings_reference import find_field
from voicecalld.settings_rules import RULES

ACCOUNT = {"account_sid": "AC" + "0" * 32, "auth_token": "hunter2"}
URL = "https://voice.example.com/voice/webhook"
TWILIO: Mapping[str, object] = {
    "provider": "twilio",
    "from_number": "+15550100",
    "public_url": URL,
    "twilio": ACCOUNT,
}
BYPASS = "allow_ngrok_free_tier_loopback_bypass"
PROXY = {"trusted_proxy_ips": ["10.0.0.1"]}
NGROK = {"provider": "ngrok", BYPASS: True}


def complaints(values: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with *values*, by the key that is to blame."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(values)
    return {".".join(map(str, detail["loc"])): detail["msg"] for detail in caught.value.errors()}


def without(key: str) -> dict[str, object]:
    return {name: value for name, value in TWILIO.items() if name != key}


def test_twilio_with_everything_it_needs_is_fine() -> None:
    settings = Settings.model_validate(TWILIO)

    assert settings.twilio.auth_token.get_secret_value() == "hunter2"
    assert settings.number_of("twilio") == "+15550100"


def test_the_mock_carrier_needs_nothing() -> None:
    settings = Settings()

    assert settings.provider == "mock"
    assert settings.number_of("mock") == "+15550000000"


def test_twilio_without_a_public_url_is_told_what_to_do() -> None:
    wrong = complaints(without("public_url"))

    assert [*wrong] == ["public_url"]
    assert wrong["public_url"] == (
        'provider is "twilio", so it is needed: set it to the URL at which the carrier reaches '
        'serve.path, such as "https://voice.example.com/voice/webhook", or set both '
        "webhook_security.trusted_proxy_ips and webhook_security.allowed_hosts"
    )


def test_everything_that_is_missing_is_told_together_with_every_other_mistake() -> None:
    wrong = complaints({"provider": "twilio", "ring_timeout_ms": 1, "turn": {"preroll_ms": -1}})

    assert {*wrong} == {
        "twilio.account_sid",
        "twilio.auth_token",
        "twilio.from_number",
        "public_url",
        "ring_timeout_ms",
        "turn.preroll_ms",
    }


def test_a_carrier_that_is_wrong_in_itself_is_blamed_for_nothing_else() -> None:
    assert [*complaints({"provider": "pigeon"})] == ["provider"]


# --- where carriers find us ------------------------------------------------------------


def test_a_trusted_proxy_with_an_allowed_host_stands_in_for_the_public_url() -> None:
    security = {**PROXY, "allowed_hosts": ["voice.example.com"]}

    settings = Settings.model_validate({**without("public_url"), "webhook_security": security})

    assert settings.public_url == ""


@pytest.mark.parametrize(
    "security",
    [
        PROXY,
        {"allowed_hosts": ["voice.example.com"]},
        {**PROXY, "trust_forwarding_headers": True},  # nobody could tell Twilio which host
    ],
)
def test_half_of_what_stands_in_for_the_public_url_is_not_enough(
    security: dict[str, object],
) -> None:
    assert [*complaints({**without("public_url"), "webhook_security": security})] == ["public_url"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://voice.example.com/hook", "must begin with https://"),
        ("https://voice.example.com", "must have a path"),
        ("https://voice.example.com/hook?a=b", "no query"),
        ("https://voice.example.com/hook#a", "no fragment"),
        ("https://me@voice.example.com/hook", "no user"),
        ("https://voice.example.com:port/hook", "must be a URL"),
        ("https://voice.example.com/ho ok", "must be a URL"),
        ("https://voice.example.com/ho\nok", "must be a URL"),
        ("https:///hook", "must be a URL"),
        ("voice.example.com/hook", "must be a URL"),
        ("wss://voice.example.com/hook", "must be a URL"),
        ("https://voice.example.com/h\u00f6\u00f6k", "must be a URL"),
    ],
)
def test_a_public_url_that_no_carrier_could_use_is_refused(url: str, reason: str) -> None:
    assert reason in complaints({**TWILIO, "public_url": url})["public_url"]


@pytest.mark.parametrize("host", ["127.0.0.1:3334", "[::1]:3334", "localhost"])
def test_a_simulated_carrier_on_this_machine_may_use_plain_http(host: str) -> None:
    url = f"http://{host}/voice/webhook"

    assert Settings.model_validate({**TWILIO, "public_url": url}).public_url == url


# --- webhooks without proof ------------------------------------------------------------


@pytest.mark.parametrize("bind", ["127.0.0.1", "127.1.2.3", "::1"])
def test_verification_may_be_skipped_on_this_machine_alone(bind: str) -> None:
    values = {"skip_signature_verification": True, "serve": {"bind": bind}}

    assert Settings.model_validate(values).skip_signature_verification


def test_a_carrier_on_this_machine_needs_no_public_url() -> None:
    values = {**without("public_url"), "skip_signature_verification": True}

    assert Settings.model_validate(values).public_url == ""


@pytest.mark.parametrize(
    ("exposure", "what_to_do"),
    [
        ({"serve": {"bind": "0.0.0.0"}}, 'set serve.bind to "127.0.0.1"'),  # noqa: S104 - refused
        ({"serve": {"bind": "::"}}, 'set serve.bind to "127.0.0.1"'),
        ({"serve": {"bind": "192.0.2.1"}}, 'set serve.bind to "127.0.0.1"'),
        ({"tunnel": {"provider": "ngrok"}}, 'set tunnel.provider to "none"'),
        ({"webhook_security": PROXY}, "remove webhook_security.trusted_proxy_ips"),
    ],
)
def test_verification_is_not_skipped_where_others_can_come_in(
    exposure: dict[str, object], what_to_do: str
) -> None:
    wrong = complaints({"skip_signature_verification": True, **exposure})

    assert [*wrong] == ["skip_signature_verification"]
    assert what_to_do in wrong["skip_signature_verification"]


def test_verification_is_not_skipped_behind_a_public_url() -> None:
    wrong = complaints({"skip_signature_verification": True, "public_url": URL})

    assert [*wrong] == ["public_url"]
    assert "set skip_signature_verification to false" in wrong["public_url"]


def test_every_exposure_is_told_at_once() -> None:
    wrong = complaints(
        {
            "skip_signature_verification": True,
            "serve": {"bind": "::"},
            "tunnel": {"provider": "ngrok"},
        }
    )

    assert "serve.bind" in wrong["skip_signature_verification"]
    assert "tunnel.provider" in wrong["skip_signature_verification"]


def test_ngroks_exception_is_allowed_for_ngrok_on_this_machine() -> None:
    values = {"tunnel": {"provider": "ngrok", BYPASS: True}}

    assert Settings.model_validate(values).tunnel.allow_ngrok_free_tier_loopback_bypass


@pytest.mark.parametrize(
    ("tunnel", "bind", "what_to_do"),
    [
        ({}, "127.0.0.1", 'set tunnel.provider to "ngrok", or set it to false'),
        ({"provider": "ngrok"}, "::", 'set serve.bind to "127.0.0.1", or set it to false'),
        ({}, "::", 'set tunnel.provider to "ngrok" and set serve.bind to "127.0.0.1"'),
    ],
)
def test_ngroks_exception_is_refused_anywhere_else(
    tunnel: dict[str, object], bind: str, what_to_do: str
) -> None:
    wrong = complaints({"tunnel": {**tunnel, BYPASS: True}, "serve": {"bind": bind}})

    assert [*wrong] == [f"tunnel.{BYPASS}"]
    assert what_to_do in wrong[f"tunnel.{BYPASS}"]


def test_ngroks_exception_is_refused_where_a_proxy_also_connects_from_this_machine() -> None:
    security = {"trusted_proxy_ips": ["127.0.0.1"]}

    wrong = complaints({**TWILIO, "tunnel": NGROK, "webhook_security": security})

    assert "remove webhook_security.trusted_proxy_ips, or set it" in wrong[f"tunnel.{BYPASS}"]


@pytest.mark.parametrize(
    "host",
    [
        "a-b.ngrok-free.app",
        "ab.ngrok.app",
        "ab.eu.ngrok.io",
        "ab.ngrok-free.dev",
        "AB.Ngrok.Dev",
        "ab.ngrok.app:443",
    ],
)
def test_ngroks_exception_is_allowed_behind_a_host_of_ngroks(host: str) -> None:
    url = f"https://{host}/voice/webhook"

    settings = Settings.model_validate({**TWILIO, "public_url": url, "tunnel": NGROK})

    assert settings.tunnel.allow_ngrok_free_tier_loopback_bypass


@pytest.mark.parametrize(
    "host",
    [
        "voice.example.com",
        "ngrok.app",
        "ab-ngrok.app",
        "ab.ngrok.app.example.com",
        "ab.ngrok.com",
        "127.0.0.1",
    ],
)
def test_ngroks_exception_is_refused_behind_any_other_host(host: str) -> None:
    wrong = complaints({**TWILIO, "public_url": f"https://{host}/hook", "tunnel": NGROK})

    assert [*wrong] == ["public_url"]
    assert f"give it ngrok's, or set tunnel.{BYPASS} to false" in wrong["public_url"]


def test_a_public_url_of_any_host_goes_with_ngrok_that_has_no_exception() -> None:
    values = {**TWILIO, "tunnel": {"provider": "ngrok"}}

    assert Settings.model_validate(values).public_url == URL


# --- streams ---------------------------------------------------------------------------


def test_the_mock_carrier_cannot_do_without_media_streams() -> None:
    wrong = complaints({"streaming": {"enabled": False}})

    assert "no voice of its own" in wrong["streaming.enabled"]


def test_a_stream_may_be_below_the_webhooks_where_no_carrier_is() -> None:
    values = {"streaming": {"stream_path": "/a/stream"}, "serve": {"path": "/a"}}

    assert Settings.model_validate(values).streaming.stream_path == "/a/stream"


@pytest.mark.parametrize(
    ("stream_path", "path"), [("/a", "/a"), ("/a", "/a/plivo"), ("/a/telnyx", "/a")]
)
def test_webhooks_and_streams_have_different_paths(stream_path: str, path: str) -> None:
    wrong = complaints({"streaming": {"stream_path": stream_path}, "serve": {"path": path}})

    assert [*wrong] == ["streaming.stream_path"]
    assert "serve.path" in wrong["streaming.stream_path"]


def test_a_rule_looks_only_at_fields_in_front_of_its_own() -> None:
    order = [*Settings.model_fields]

    for field, rule in RULES.items():
        assert find_field((field,)) is not None
        assert all(order.index(other) < order.index(field) for other in rule.others)
