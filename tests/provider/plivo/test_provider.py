"""The whole of Plivo from outside: what is put together in the carrier's class."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.provider.plivo.sample import build_sample
from tests.provider.plivo.signing import (
    KEY,
    MAIN_SIGNATURE,
    SIGNATURE,
    STREAM,
    STREAM_URL,
    form,
    sign,
    upgrade,
)
from voicecalld.errors import BadSignatureError
from voicecalld.provider.base import HangUpCall, Listen, Perform, Provider
from voicecalld.provider.http import Webhook
from voicecalld.provider.plivo import PlivoProvider
from voicecalld.provider.stream import StreamOpened

CALL = "b7c1e2d4-60f1-11ef-9a55-0242ac110003"
URL = "https://voice.example.com/voice/webhook?callId=call-1&node=main"
FIELDS = {"CallUUID": CALL, "CallStatus": "in-progress", "Event": "StartApp"}
TEXT = f"{URL}." + "".join(f"{name}{FIELDS[name]}" for name in sorted(FIELDS))
START = {
    "event": "start",
    "start": {
        "callId": CALL,
        "streamId": CALL,
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
    },
}


def make(*, auth_token: str = KEY) -> Provider:
    return PlivoProvider(
        auth_id="MA0123456789ABCDEFGH",
        auth_token=auth_token,
        api_base_url="https://api.plivo.com",
        language="en-GB",
        voice="Polly.Amy",
    )


def webhook(signature: str) -> Webhook:
    return form([*FIELDS.items()], signature, URL)


def test_it_waits_for_a_word_as_long_as_it_listens_for_it_would_cut_the_word_off() -> None:
    provider = make()
    listen = Listen(begin_s=5.0, end_s=1.0)

    document = provider.answer(Perform(listen=listen, next_url="https://a.test/")).body.decode()

    assert f'executionTimeout="{provider.listen_begin_s:.0f}"' in document


def test_a_genuine_webhook_is_proved_and_read() -> None:
    provider = make()
    genuine = webhook(sign(TEXT))

    key = provider.verify(genuine, 0.0)
    (report,) = provider.parse(genuine)

    assert provider.verify(genuine, 1e9) == key
    assert (report.provider_call_id, report.call_id, report.asks) == (CALL, "call-1", True)


def test_a_forged_webhook_is_refused_and_without_a_token_every_one_is() -> None:
    with pytest.raises(BadSignatureError):
        make().verify(webhook(sign(f"{TEXT}x")), 0.0)
    with pytest.raises(BadSignatureError):
        make(auth_token="").verify(webhook(sign(TEXT, key="")), 0.0)


def test_no_webhook_is_genuine_without_the_header_that_is_named() -> None:
    provider = make()
    (header,) = provider.signature_headers
    signed = form([*FIELDS.items()], sign(TEXT), URL, more={MAIN_SIGNATURE: sign(TEXT)})
    headers = {name: value for name, value in signed.headers.items() if name != header}

    provider.verify(signed, 0.0)
    with pytest.raises(BadSignatureError):
        provider.verify(
            Webhook(method="POST", url=URL, headers=headers, body=urlencode(FIELDS).encode()), 0.0
        )


def test_a_stream_must_bring_a_proof() -> None:
    provider = make()

    provider.check_upgrade(upgrade(sign(f"https{STREAM}?token=t")))
    provider.check_upgrade(upgrade(None))
    for opened in (upgrade(sign(URL)), upgrade(None, f"wss{STREAM}")):
        with pytest.raises(BadSignatureError):
            provider.check_upgrade(opened)


def test_the_token_of_a_stream_is_known_before_its_start_and_told_by_it() -> None:
    provider = make()
    opened = upgrade(None, STREAM_URL)

    started = provider.open_codec(opened).decode(json.dumps(START))
    nameless = provider.open_codec(None).decode(json.dumps(START))

    assert provider.find_token(opened) == "t"
    assert isinstance(started, StreamOpened)
    assert isinstance(nameless, StreamOpened)
    assert (started.token, nameless.token) == ("t", "")


def test_it_speaks_in_the_voice_and_language_of_the_settings() -> None:
    provider = make()

    body = provider.answer(Perform(say="Hello")).body

    assert provider.has_own_voice
    assert provider.commands is None
    assert b'<Speak voice="Polly.Amy" language="en-GB">Hello</Speak>' in body
    assert b"<Hangup/>" in provider.answer(HangUpCall()).body


def test_each_stream_has_a_codec_of_its_own() -> None:
    provider = make()

    assert provider.open_codec(None) is not provider.open_codec(None)
    assert provider.rest is provider.rest
    assert provider.name == "plivo"


def test_the_sample_for_the_contract_is_signed_by_plivos_own_library() -> None:
    sample: dict[str, Any] = build_sample(dict)
    provider = sample["make"]()

    for body in (sample["genuine_body"], sample["other_body"], sample["unknown_body"]):
        assert provider.verify(sample["sign"](body), 0.0)
    assert sample["sign"](b"\xff").headers[SIGNATURE] == ""
