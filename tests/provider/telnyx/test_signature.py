"""Telnyx's signatures: the vectors, and Telnyx's own library as the judge."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.provider.telnyx.signing import (
    PUBLIC_KEY,
    SIGNATURES,
    SIGNED_UNIX_S,
    Judge,
    is_genuine,
    sign,
    signature_of,
    with_headers,
)
from voicecalld.errors import BadSignatureError, ConfigError
from voicecalld.provider.http import Webhook
from voicecalld.provider.telnyx.signature import parse_public_key, verify_signature

BODY = b'{"data":{"event_type":"call.answered","id":"event-1"}}'
NOW = str(int(SIGNED_UNIX_S))
KEY = parse_public_key(PUBLIC_KEY)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Judge(monkeypatch)


# --- the vectors ----------------------------------------------------------------------


@pytest.mark.parametrize("vector", SIGNATURES["vectors"], ids=lambda vector: str(vector["id"]))
def test_every_vector_is_judged_as_it_should_and_as_telnyx_does(
    judge: Judge, vector: Mapping[str, Any]
) -> None:
    headers = vector["headers"]
    body = vector["body"].encode()
    webhook = Webhook(method="POST", url="https://a.test/", headers=headers, body=body)

    judgement = is_genuine(webhook, vector["now"], vector["public_key"])

    assert judgement == (vector["should"] == "accept")
    assert judgement == judge.says(webhook, vector["now"], vector["public_key"])


# --- as Telnyx's own library judges ---------------------------------------------------


@given(body=st.text())
def test_what_is_signed_as_telnyx_signs_is_genuine(judge: Judge, body: str) -> None:
    webhook = sign(body.encode())

    assert judge.says(webhook)
    assert is_genuine(webhook)


@given(body=st.text(), signed=st.text(), timestamp=st.integers(0, 10**12 - 1))
def test_another_body_or_time_is_not_genuine_as_telnyx_says_too(
    judge: Judge, body: str, signed: str, timestamp: int
) -> None:
    assume((signed, str(timestamp)) != (body, NOW))
    genuine = sign(signed.encode(), str(timestamp))
    forged = with_headers(body.encode(), NOW, genuine.headers["telnyx-signature-ed25519"])

    assert not judge.says(forged)
    assert not is_genuine(forged)


@given(place=st.integers(0, 85), letter=st.characters(codec="ascii"))
def test_a_signature_with_one_character_changed_is_wrong(place: int, letter: str) -> None:
    genuine = sign(BODY).headers["telnyx-signature-ed25519"]
    assume(letter != genuine[place])
    forged = genuine[:place] + letter + genuine[place + 1 :]

    assert not is_genuine(with_headers(BODY, NOW, forged))


@pytest.mark.parametrize("age_s", [-400, -301, -300, -299, 0, 299, 300, 301, 400])
def test_a_webhook_is_as_old_for_us_as_for_telnyx(judge: Judge, age_s: int) -> None:
    webhook = sign(BODY)
    now_s = SIGNED_UNIX_S + age_s

    assert is_genuine(webhook, now_s) == judge.says(webhook, now_s) == (abs(age_s) <= 300)


def test_a_body_that_is_no_text_may_be_signed_too() -> None:
    assert is_genuine(sign(b"\xff\x00"))


def test_what_is_signed_with_another_key_is_not_genuine(judge: Judge) -> None:
    other = b64encode(b"\x01" * 32).decode()

    assert not judge.says(sign(BODY), public_key=other)
    assert not is_genuine(sign(BODY), public_key=other)


def test_a_signature_of_the_body_alone_is_wrong(judge: Judge) -> None:
    forged = with_headers(BODY, NOW, signature_of(BODY))

    assert not judge.says(forged)
    assert not is_genuine(forged)


# --- what we take less of than Telnyx's own library -----------------------------------


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        f" {NOW}",
        f"{NOW} ",
        f"{NOW}\n",
        f"+{NOW}",
        "-1",
        "1_767_225_600",
        f"{NOW}.0",
        "1e9",
        "\u0661\u0667\u0666\u0667\u0662\u0662\u0665\u0666\u0660\u0660",
        "0" * 13,
        "1" * 5000,
    ],
)
def test_a_time_that_is_not_all_digits_is_malformed(timestamp: str) -> None:
    signed = sign(BODY, timestamp)

    with pytest.raises(BadSignatureError, match="malformed"):
        verify_signature(signed, KEY, SIGNED_UNIX_S)


GOOD = sign(BODY).headers["telnyx-signature-ed25519"]


@pytest.mark.parametrize(
    "signature",
    [
        "",
        GOOD[:-1],
        GOOD[:-2],
        f"{GOOD}=",
        f" {GOOD}",
        f"{GOOD}\n",
        f"{GOOD[:44]} {GOOD[44:]}",
        f"{GOOD[:44]}\r\n{GOOD[44:]}",
        f"{GOOD[:44]}!{GOOD[44:]}",
        f"{GOOD[:85]}{chr(ord(GOOD[85]) + 1)}==",  # the same 64 bytes, written otherwise
        f"{GOOD},{GOOD}",
        b64encode(b"x" * 63).decode(),
        b64encode(b"x" * 65).decode(),
        "-_" * 43 + "==",
        "ü" * 86 + "==",
    ],
)
def test_a_signature_that_is_not_64_bytes_in_strict_base64_is_malformed(signature: str) -> None:
    with pytest.raises(BadSignatureError, match="malformed"):
        verify_signature(with_headers(BODY, NOW, signature), KEY, SIGNED_UNIX_S)


def test_telnyx_own_library_would_take_some_of_those(judge: Judge) -> None:
    assert judge.says(with_headers(BODY, NOW, f"{GOOD[:44]} {GOOD[44:]}"))
    assert judge.says(sign(BODY, "1_767_225_600"))


@pytest.mark.parametrize("missing", ["telnyx-timestamp", "telnyx-signature-ed25519"])
def test_without_one_of_the_headers_nothing_is_genuine(judge: Judge, missing: str) -> None:
    genuine = sign(BODY)
    headers = {name: value for name, value in genuine.headers.items() if name != missing}
    webhook = Webhook(method="POST", url=genuine.url, headers=headers, body=BODY)

    assert not judge.says(webhook)
    assert not is_genuine(webhook)


@given(timestamp=st.text(), signature=st.text(), body=st.binary())
def test_whatever_comes_only_a_bad_signature_is_complained_of(
    timestamp: str, signature: str, body: bytes
) -> None:
    with pytest.raises(BadSignatureError):
        verify_signature(with_headers(body, timestamp, signature), KEY, SIGNED_UNIX_S)


# --- the replay key -------------------------------------------------------------------


def test_an_event_that_is_delivered_again_has_the_same_replay_key() -> None:
    first = verify_signature(sign(BODY), KEY, SIGNED_UNIX_S)
    again = verify_signature(sign(BODY, str(int(NOW) + 60)), KEY, SIGNED_UNIX_S + 60)

    assert first == again == "telnyx:event-1"


def test_the_count_of_attempts_does_not_change_the_replay_key() -> None:
    first = sign(b'{"data":{"id":"event-1"},"meta":{"attempt":1}}')
    again = sign(b'{"data":{"id":"event-1"},"meta":{"attempt":2}}')

    keys = {verify_signature(webhook, KEY, SIGNED_UNIX_S) for webhook in (first, again)}

    assert keys == {"telnyx:event-1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"data":null}',
        b'{"data":{}}',
        b'{"data":{"id":""}}',
        b'{"data":{"id":7}}',
        b'{"data":{"id":null}}',
        b'{"data":{"id":["a"]}}',
        b'{"data":{"id":"a b"}}',
        b'{"data":{"id":"\\ud800"}}',
        b'{"data":{"id":"' + b"x" * 129 + b'"}}',
        b"[" * 100_000,
    ],
)
def test_what_has_no_id_is_known_by_all_of_its_body(body: bytes) -> None:
    first = verify_signature(sign(body), KEY, SIGNED_UNIX_S)
    again = verify_signature(sign(body), KEY, SIGNED_UNIX_S)
    other = verify_signature(sign(body + b" "), KEY, SIGNED_UNIX_S)

    assert first == again != other
    assert len(first) < 100


# --- the public key -------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "hunter2",
        PUBLIC_KEY[:-1],
        f"{PUBLIC_KEY}\n",
        f" {PUBLIC_KEY}",
        b64encode(b"x" * 31).decode(),
        b64encode(b"x" * 33).decode(),
        b64encode(b"x" * 64).decode(),
        "ü",
    ],
)
def test_a_malformed_public_key_is_a_mistake_of_the_operator(key: str) -> None:
    with pytest.raises(ConfigError, match=r"telnyx\.public_key"):
        parse_public_key(key)


@pytest.mark.parametrize(
    ("unix_s", "signature", "hint"),
    [
        (SIGNED_UNIX_S, "A" * 86 + "==", r"^the signature is wrong; check telnyx\.public_key$"),
        (SIGNED_UNIX_S + 301, "", "; check the clock of this machine$"),
        (SIGNED_UNIX_S - 301, "", "; check the clock of this machine$"),
    ],
)
def test_a_refusal_says_what_to_check(unix_s: float, signature: str, hint: str) -> None:
    genuine = signature_of(f"{NOW}|".encode() + BODY)
    webhook = with_headers(BODY, NOW, signature or genuine)

    with pytest.raises(BadSignatureError, match=hint) as refused:
        verify_signature(webhook, KEY, unix_s)

    assert refused.value.url == ""  # it is not signed
