"""The whole of Twilio from outside: what is put together in the carrier's class."""

import hmac
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from voicecalld.errors import BadSignatureError
from voicecalld.provider.base import HangUpCall, Perform, Provider
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio import TwilioProvider

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
CALL = "CA5f0c1e7d9b3a48cf9e2d1a0b7c6e5f43"
KEY = "12345"
URL = "https://voice.example.com/voice/webhook?callId=call-1&node=main"
STREAM_URL = "wss://voice.example.com/voice/stream"
FIELDS = {"AccountSid": ACCOUNT, "CallSid": CALL, "CallStatus": "in-progress"}


def make(*, auth_token: str = KEY, shared_key: str = "") -> Provider:
    return TwilioProvider(
        account_sid=ACCOUNT,
        auth_token=auth_token,
        api_base_url="https://api.twilio.com",
        region="us1",
        language="en-GB",
        voice="Polly.Amy",
        shared_key=shared_key,
    )


def sign(text: str, key: str = KEY, algorithm: str = "sha1") -> str:
    return b64encode(hmac.new(key.encode(), text.encode(), algorithm).digest()).decode()


def webhook(signature: str, **more: str) -> Webhook:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
        **more,
    }
    return Webhook(method="POST", url=URL, headers=headers, body=urlencode(FIELDS).encode())


TEXT = URL + "".join(f"{name}{FIELDS[name]}" for name in sorted(FIELDS))


def test_a_genuine_webhook_is_proved_and_read() -> None:
    provider = make()
    genuine = webhook(sign(TEXT))

    key = provider.verify(genuine, 0.0)
    (report,) = provider.parse(genuine)

    assert provider.verify(genuine, 1e9) == key
    assert (report.provider_call_id, report.call_id, report.asks) == (CALL, "call-1", True)


def test_a_forged_webhook_is_refused_and_without_a_token_every_one_is() -> None:
    with pytest.raises(BadSignatureError):
        make().verify(webhook(sign(TEXT + "x")), 0.0)
    with pytest.raises(BadSignatureError):
        make(auth_token="").verify(webhook(sign(TEXT, key="")), 0.0)


def test_a_shared_key_takes_the_place_of_the_token() -> None:
    more = {"x-twilio-webhooks-signature-settings": "key=a,algorithm=HMAC_SHA256"}
    provider = make(shared_key="shared")

    assert provider.verify(webhook(sign(TEXT, "shared", "sha256"), **more), 0.0)
    with pytest.raises(BadSignatureError):
        provider.verify(webhook(sign(TEXT)), 0.0)


def test_no_webhook_is_genuine_without_the_header_that_is_named() -> None:
    provider = make()
    (header,) = provider.signature_headers
    headers = {name: value for name, value in webhook("x").headers.items() if name != header}

    with pytest.raises(BadSignatureError):
        provider.verify(Webhook(method="POST", url=URL, headers=headers, body=b""), 0.0)


def test_a_stream_must_bring_a_proof() -> None:
    provider = make()

    def upgrade(headers: dict[str, str]) -> Webhook:
        return Webhook(method="GET", url=STREAM_URL, headers=headers, body=b"")

    provider.check_upgrade(upgrade({"x-twilio-signature": sign(STREAM_URL)}))
    for headers in ({}, {"x-twilio-signature": sign(URL)}):
        with pytest.raises(BadSignatureError):
            provider.check_upgrade(upgrade(headers))


def test_it_speaks_in_the_voice_and_language_of_the_settings() -> None:
    provider = make()

    body = provider.answer(Perform(say="Hello")).body

    assert provider.has_own_voice
    assert b'<Say voice="Polly.Amy" language="en-GB">Hello</Say>' in body
    assert b"<Hangup/>" in provider.answer(HangUpCall()).body


def test_each_stream_has_a_codec_of_its_own() -> None:
    provider = make()

    assert provider.open_codec(None) is not provider.open_codec(None)
    assert provider.rest is provider.rest
    assert provider.name == "twilio"
