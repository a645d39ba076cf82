"""Every carrier by its name, made of the settings."""

from typing import Any, get_args

import pytest

from voicecalld.errors import BadSignatureError
from voicecalld.provider.catalog import PROVIDERS, build_provider
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


def test_every_carrier_that_can_be_chosen_can_be_built() -> None:
    allowed = get_args(Settings.model_fields["provider"].annotation)

    assert {*allowed} == PROVIDERS.keys()


def test_the_mock_carrier_is_built_without_any_settings() -> None:
    assert build_provider(Settings(), key=b"key").name == "mock"


def test_twilio_is_built_for_the_account_of_the_settings() -> None:
    provider = build_provider(Settings.model_validate(TWILIO), key=b"")

    request = provider.rest.hang_up("CA1")  # type: ignore[arg-type]  # any id will do

    assert provider.name == "twilio"
    assert request.url.startswith("http://127.0.0.1:81/2010-04-01/Accounts/AC0123456789abcdef")


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
