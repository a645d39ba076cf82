"""Every carrier by its name, made of the settings."""

from base64 import b64encode
from typing import Any, get_args

import pytest

from voicecalld.errors import BadSignatureError, ConfigError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.catalog import PROVIDERS, build_provider, build_providers
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio.signature import Signing
from voicecalld.settings import Settings

TWILIO: dict[str, Any] = {
    "provider": "twilio",
    "from_number": "+15550100",
    "public_url": "https://voice.example.com/voice/webhook",
    "twilio": {
        "account_sid": "AC0123456789abcdef0123456789abcdef",
        "auth_token": "hunter2",
        "region": "ie1",
        "api_base_url": "http://127.0.0.1:81",
    },
}
NETWORK = {name: TWILIO[name] for name in ("from_number", "public_url")}
TELNYX: dict[str, Any] = {
    **NETWORK,
    "provider": "telnyx",
    "telnyx": {
        "api_key": "hunter2",
        "public_key": b64encode(bytes(32)).decode(),
        "connection_id": "1684641123236054244",
        "api_base_url": "http://127.0.0.1:82",
    },
}
PLIVO: dict[str, Any] = {
    **NETWORK,
    "provider": "plivo",
    "plivo": {
        "auth_id": "MA0123456789ABCDEFGH",
        "auth_token": "hunter2",
        "api_base_url": "http://127.0.0.1:83",
    },
}


def test_every_carrier_that_can_be_chosen_can_be_built() -> None:
    allowed = get_args(Settings.model_fields["provider"].annotation)

    assert {*allowed} == PROVIDERS.keys()


def test_the_mock_carrier_is_built_without_any_settings() -> None:
    assert build_provider(Settings(), key=b"key").name == "mock"


def test_twilio_is_built_for_the_account_of_the_settings() -> None:
    provider = build_provider(Settings.model_validate(TWILIO), key=b"")

    request = provider.rest.hang_up(ProviderCallId("CA1"))

    assert provider.name == "twilio"
    assert request.url.startswith("http://127.0.0.1:81/2010-04-01/Accounts/AC0123456789abcdef")


def test_telnyx_is_built_for_the_account_of_the_settings() -> None:
    provider = build_provider(Settings.model_validate(TELNYX), key=b"")

    request = provider.rest.hang_up(ProviderCallId("v3:1"))

    assert provider.name == "telnyx"
    assert request.url.startswith("http://127.0.0.1:82/v2/calls/")
    assert request.headers["authorization"] == "Bearer hunter2"


def test_telnyx_needs_a_voice_for_a_language_that_it_has_no_plain_one_for() -> None:
    czech = {**TELNYX, "language": "cs-CZ", "streaming": {"enabled": False}}
    chosen = {**TELNYX["telnyx"], "voice": "Azure.cs-CZ-VlastaNeural"}

    with pytest.raises(ConfigError, match=r"^telnyx\.voice: "):
        build_provider(Settings.model_validate(czech), key=b"")
    for good in (
        {**czech, "telnyx": chosen},
        {**czech, "streaming": {"enabled": True}},
        {**czech, "language": "de"},
    ):
        assert build_provider(Settings.model_validate(good), key=b"").name == "telnyx"


def test_plivo_is_built_for_the_account_of_the_settings() -> None:
    provider = build_provider(Settings.model_validate(PLIVO), key=b"")

    request = provider.rest.hang_up(ProviderCallId("b7c1"))

    assert provider.name == "plivo"
    assert request.url.startswith("http://127.0.0.1:83/v1/Account/MA0123456789ABCDEFGH/")


def test_every_carrier_with_an_account_is_built() -> None:
    two = Settings.model_validate({**TELNYX, "twilio": TWILIO["twilio"]})

    assert {name: built.name for name, built in build_providers(two).items()} == {
        "twilio": "twilio",
        "telnyx": "telnyx",
    }
    assert build_providers(Settings()) == {}


def test_webhooks_of_an_account_with_a_shared_key_are_signed_with_that_alone() -> None:
    shared = {**TWILIO, "twilio": {**TWILIO["twilio"], "shared_key": "hunter3"}}
    provider = build_provider(Settings.model_validate(shared), key=b"")
    url, account = "https://voice.example.com/voice/webhook", TWILIO["twilio"]
    signing = Signing(
        account_sid=account["account_sid"], auth_token=account["auth_token"], shared_key="hunter3"
    )
    headers = {
        "x-twilio-signature": signing.sign(url).decode(),
        "x-twilio-webhooks-signature-settings": "algorithm=HMAC_SHA256",
    }
    genuine = Webhook(method="POST", url=url, headers=headers, body=b"")

    assert provider.verify(genuine, 0.0)
    with pytest.raises(BadSignatureError):
        build_provider(Settings.model_validate(TWILIO), key=b"").verify(genuine, 0.0)
