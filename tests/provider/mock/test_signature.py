import hashlib
import hmac

import pytest

from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.mock.signature import sign, verify_signature

KEY = b"key"
BODY = b'{"event":"ringing"}'
NOW_UNIX_S = 1_700_000_000.0


def webhook(headers: dict[str, str]) -> Webhook:
    return Webhook(method="POST", url="mock://x", headers=headers, body=BODY)


def test_the_signature_is_an_hmac_over_timestamp_and_body() -> None:
    headers = sign(BODY, KEY, NOW_UNIX_S + 0.9)

    expected = hmac.new(KEY, b"1700000000|" + BODY, hashlib.sha256).hexdigest()
    assert headers == {"x-mock-timestamp": "1700000000", "x-mock-signature": expected}


@pytest.mark.parametrize("age_s", [-300.0, 0.0, 300.0])
def test_a_webhook_is_genuine_for_five_minutes_either_way(age_s: float) -> None:
    genuine = webhook(sign(BODY, KEY, NOW_UNIX_S))

    assert verify_signature(genuine, KEY, NOW_UNIX_S + age_s)


def test_an_event_signed_again_later_is_the_same_event() -> None:
    first = verify_signature(webhook(sign(BODY, KEY, NOW_UNIX_S)), KEY, NOW_UNIX_S)
    again = verify_signature(webhook(sign(BODY, KEY, NOW_UNIX_S + 9)), KEY, NOW_UNIX_S)

    assert first == again


def test_another_key_signs_nothing_for_us() -> None:
    with pytest.raises(BadSignatureError, match="wrong"):
        verify_signature(webhook(sign(BODY, b"other", NOW_UNIX_S)), KEY, NOW_UNIX_S)


@pytest.mark.parametrize(
    "change",
    [
        {"x-mock-signature": sign(BODY, KEY, NOW_UNIX_S)["x-mock-signature"].upper()},
        {"x-mock-signature": sign(BODY, KEY, NOW_UNIX_S)["x-mock-signature"] + "\n"},
        {"x-mock-signature": "\u0660" * 64},
        {"x-mock-timestamp": "1700000000.0"},
        {"x-mock-timestamp": "+1700000000"},
        {"x-mock-timestamp": "01700000000"},
        {"x-mock-timestamp": "1700000000\n"},
        {"x-mock-timestamp": "\u0663"},
        {"x-mock-timestamp": "9" * 5000},
    ],
)
def test_a_header_written_in_any_other_way_is_malformed(change: dict[str, str]) -> None:
    headers = sign(BODY, KEY, NOW_UNIX_S) | change

    with pytest.raises(BadSignatureError, match="malformed"):
        verify_signature(webhook(headers), KEY, NOW_UNIX_S)
