"""Signatures in all their kinds: malformed, of JSON, with a shared key, of media streams."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tests.provider.twilio.signing import (
    ACCOUNT,
    FORM,
    KEY,
    SIGNING,
    STREAM_URL,
    URL,
    document,
    form,
    is_genuine,
    sign,
    upgrade,
)
from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio.signature import Signing, verify_signature, verify_upgrade

# --- malformed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "=",
        "ü" * 28,
        sign(URL)[:-1],
        sign(URL) + "=",
        sign(URL) + " ",
        f" {sign(URL)}",
        f"{sign(URL)}\n",
        f"{sign(URL)}, {sign(URL)}",
        hmac.new(KEY.encode(), URL.encode(), "sha1").hexdigest(),
        sign(URL, algorithm="sha256"),
    ],
)
def test_a_malformed_signature_is_a_bad_one(signature: str) -> None:
    with pytest.raises(BadSignatureError, match="malformed"):
        verify_signature(form([], signature), SIGNING)


@given(signature=st.text(), url=st.text(), body=st.binary(), kind=st.text())
def test_whatever_comes_only_a_bad_signature_is_complained_of(
    signature: str, url: str, body: bytes, kind: str
) -> None:
    headers = {"x-twilio-signature": signature, "content-type": kind}

    with pytest.raises(BadSignatureError):
        verify_signature(Webhook(method="POST", url=url, headers=headers, body=body), SIGNING)


@pytest.mark.parametrize("body", [b"A", b"A=%ff", b"A=\xff", b"&".join([b"A=1"] * 1001)])
def test_a_body_that_is_no_form_is_not_genuine(body: bytes) -> None:
    headers = {"content-type": FORM, "x-twilio-signature": sign(URL)}

    assert not is_genuine(Webhook(method="POST", url=URL, headers=headers, body=body))


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data; boundary=x", "application/json"]
)
def test_a_body_that_the_signature_does_not_cover_is_not_genuine(kind: str) -> None:
    assert not is_genuine(document(b"A=1", URL, kind))


def test_the_type_of_a_form_may_have_parameters() -> None:
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": sign(f"{URL}A1"),
    }

    assert is_genuine(Webhook(method="POST", url=URL, headers=headers, body=b"A=1"))


# --- JSON bodies ----------------------------------------------------------------------

BODY = b'{"a": 1}'
HASH = hashlib.sha256(BODY).hexdigest()


def test_a_json_body_must_be_the_one_whose_hash_was_signed() -> None:
    url = f"{URL}&bodySHA256={HASH}"

    assert is_genuine(document(BODY, url))
    assert not is_genuine(document(BODY + b" ", url))
    assert not is_genuine(document(b"", url))


@pytest.mark.parametrize(
    "query",
    [
        f"bodySHA256={HASH.upper()}",
        f"bodySHA256={HASH}&bodySHA256={HASH}",
        f"bodySHA256={'0' * 64}&bodySHA256={HASH}",
        f"bodysha256={HASH}",
        "bodySHA256=",
        f"bodySHA256={HASH[:-1]}",
        "bodySHA256=\u0663",
    ],
)
def test_a_hash_in_any_other_form_does_not_count(query: str) -> None:
    assert not is_genuine(document(BODY, f"https://a.test/?{query}"))


def test_a_hash_does_not_let_in_a_body_of_another_kind() -> None:
    assert not is_genuine(document(BODY, f"{URL}&bodySHA256={HASH}", "text/plain"))


# --- the shared key -------------------------------------------------------------------

SHARED = Signing(account_sid=ACCOUNT, auth_token=KEY, shared_key="shared")
SETTINGS = "x-twilio-webhooks-signature-settings"


@pytest.mark.parametrize(
    "header", ["key=a,algorithm=HMAC_SHA256", "key=a, algorithm = HMAC_SHA256 "]
)
def test_with_a_shared_key_its_signature_counts(header: str) -> None:
    signature = sign(URL, key="shared", algorithm="sha256")
    validator = RequestValidator("shared")

    assert validator.validate(URL, {}, signature, "HMAC_SHA256")
    assert is_genuine(form([], signature, more={SETTINGS: header}), SHARED)


@pytest.mark.parametrize(
    "header",
    ["", "key=a", "key=a,algorithm=", "algorithm=HMAC_SHA1,key=a", "algorithm=HMAC_SHA512", "="],
)
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("key", [KEY, "shared"])
def test_with_a_shared_key_the_request_cannot_choose_a_weaker_way(
    header: str, algorithm: str, key: str
) -> None:
    signature = sign(URL, key=key, algorithm=algorithm)

    assert not is_genuine(form([], signature, more={SETTINGS: header}), SHARED)


def test_with_a_shared_key_the_auth_token_signs_nothing() -> None:
    more = {SETTINGS: "algorithm=HMAC_SHA256"}

    assert not is_genuine(form([], sign(URL, algorithm="sha256"), more=more), SHARED)
    assert not is_genuine(form([], sign(URL), more=more), SHARED)


def test_without_a_shared_key_the_request_cannot_bring_in_another_algorithm() -> None:
    more = {SETTINGS: "key=a,algorithm=HMAC_SHA256"}

    assert not is_genuine(form([], sign(URL, algorithm="sha256"), more=more))
    assert is_genuine(form([], sign(URL), more=more))


def test_both_ways_of_signing_have_replay_keys_of_their_own() -> None:
    more = {SETTINGS: "algorithm=HMAC_SHA256"}
    signature = sign(URL, key="shared", algorithm="sha256")

    older = verify_signature(form([], sign(URL)), SIGNING)
    newer = verify_signature(form([], signature, more=more), SHARED)

    assert older != newer


# --- the upgrade to a media stream ----------------------------------------------------


def test_a_stream_without_a_signature_is_refused() -> None:
    with pytest.raises(BadSignatureError):
        verify_upgrade(upgrade(None), SIGNING)


@pytest.mark.parametrize(
    "signed",
    [
        STREAM_URL,
        f"{STREAM_URL}/",
        "wss://voice.example.com:443/voice/stream",
        "wss://voice.example.com:443/voice/stream/",
        "wss://voice.example.com:80/voice/stream",
    ],
)
@pytest.mark.parametrize("ours", [STREAM_URL, f"{STREAM_URL}/"])
def test_a_streams_signature_may_differ_in_the_port_and_the_last_slash(
    signed: str, ours: str
) -> None:
    verify_upgrade(upgrade(sign(signed), ours), SIGNING)


@pytest.mark.parametrize(
    "signed",
    [
        "https://voice.example.com/voice/stream",
        "ws://voice.example.com/voice/stream",
        "wss://voice.example.com:8443/voice/stream",
        "wss://voice.example.com/voice/stream//",
        "wss://voice.example.com/voice/streams",
        "wss://other.example.com/voice/stream",
    ],
)
def test_a_stream_that_was_signed_for_another_url_is_refused(signed: str) -> None:
    with pytest.raises(BadSignatureError):
        verify_upgrade(upgrade(sign(signed)), SIGNING)


@given(signature=st.text(), url=st.text() | st.just(STREAM_URL))
def test_a_stream_with_any_other_signature_is_refused(signature: str, url: str) -> None:
    with pytest.raises(BadSignatureError):
        verify_upgrade(upgrade(signature, url), SIGNING)


def test_a_stream_is_not_opened_by_the_signature_of_a_webhook() -> None:
    with pytest.raises(BadSignatureError):
        verify_upgrade(upgrade(sign(f"{STREAM_URL}A1")), SIGNING)
