"""Signatures in all their kinds: malformed, several, of the older version, of media streams."""

import hmac
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plivo.utils.signature_v3 import validate_v3_signature

from tests.provider.plivo.signing import (
    FORM,
    KEY,
    MAIN_SIGNATURE,
    NONCE,
    NONCE_NAME,
    SIGNATURE,
    SIGNING,
    STREAM,
    STREAM_URL,
    URL,
    form,
    get,
    is_genuine,
    sign,
    upgrade,
)
from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.plivo.signature import (
    Signing,
    find_token,
    verify_signature,
    verify_upgrade,
)

WRONG = sign("something else")

# --- malformed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "=",
        ",",
        "ü" * 44,
        sign(URL)[:-1],
        sign(URL) + "=",
        f"{sign(URL)}\n",
        f"{sign(URL)}\u00a0",
        f"{sign(URL)};{sign(URL)}",
        f"V3={sign(URL)}",
        hmac.new(KEY.encode(), f"{URL}.{NONCE}".encode(), "sha256").hexdigest(),
    ],
)
def test_a_malformed_signature_is_a_bad_one(signature: str) -> None:
    with pytest.raises(BadSignatureError, match="malformed"):
        verify_signature(form([], signature), SIGNING)


@pytest.mark.parametrize("nonce", ["", " ", "1.2", "1 2", "1\n", "é", "1" * 129, "."])
def test_a_malformed_nonce_is_a_bad_signature(nonce: str) -> None:
    webhook = form([], sign(URL, nonce=nonce), more={NONCE_NAME: nonce})

    with pytest.raises(BadSignatureError, match="nonce"):
        verify_signature(webhook, SIGNING)


@given(signature=st.text(), nonce=st.text(), url=st.text(), body=st.binary(), kind=st.text())
def test_whatever_comes_only_a_bad_signature_is_complained_of(
    signature: str, nonce: str, url: str, body: bytes, kind: str
) -> None:
    headers = {SIGNATURE: signature, NONCE_NAME: nonce, "content-type": kind}

    for address in (url, URL):
        with pytest.raises(BadSignatureError):
            verify_signature(
                Webhook(method="POST", url=address, headers=headers, body=body), SIGNING
            )


@given(signature=st.just(WRONG), url=st.text() | st.just(URL), body=st.binary())
def test_a_wrong_signature_is_refused_whatever_is_signed(
    signature: str, url: str, body: bytes
) -> None:
    with pytest.raises(BadSignatureError):
        verify_signature(replace(form([], signature, url), body=body), SIGNING)


@pytest.mark.parametrize("body", [b"A", b"A=%ff", b"A=\xff", b"&".join([b"A=1"] * 1001)])
def test_a_body_that_is_no_form_is_not_genuine(body: bytes) -> None:
    assert not is_genuine(replace(form([], sign(URL)), body=body))


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data; boundary=x", "application/json"]
)
def test_a_body_that_the_signature_does_not_cover_is_not_genuine(kind: str) -> None:
    webhook = form([("A", "1")], sign(f"{URL}.A1"), more={"content-type": kind})

    assert not is_genuine(webhook)
    assert not is_genuine(replace(webhook, headers={**webhook.headers, SIGNATURE: sign(URL)}))


def test_the_type_of_a_form_may_have_parameters() -> None:
    more = {"content-type": f"{FORM}; charset=UTF-8"}

    assert is_genuine(form([("A", "1")], sign(f"{URL}.A1"), more=more))


@pytest.mark.parametrize("method", ["PUT", "HEAD", "get", "DELETE", ""])
def test_a_method_that_the_signature_does_not_know_is_not_genuine(method: str) -> None:
    assert not is_genuine(replace(get(sign(URL)), method=method))


def test_a_get_has_no_body() -> None:
    webhook = replace(get(sign(URL)), body=b"A=1")

    assert is_genuine(get(sign(URL)))
    assert not is_genuine(webhook)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/voice/webhook",
        "ftp://a.test/",
        "https:///b",
        "https://a.test/b#c",
        "https://a.test/b?c=d#e",
        "https://a.test/ü",
        "https://a test/",
        "HTTPS://a.test/",
        "https://a.test/?a",
        "https://a.test/?a=%zz",
    ],
)
def test_a_url_that_nobody_can_have_signed_is_not_genuine(url: str) -> None:
    assert not is_genuine(get(sign(url), url))
    assert not is_genuine(form([], sign(url), url))


# --- several of them ------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        f"{sign(URL)},{WRONG}",
        f"{WRONG},{sign(URL)}",
        f"{WRONG}, {sign(URL)}",
        f" {WRONG} ,\t{sign(URL)} ",
        f"rubbish,,{sign(URL)}",
        f" {sign(URL)}",
    ],
)
def test_one_right_signature_among_several_is_enough(header: str) -> None:
    assert is_genuine(form([], header))


def test_several_signatures_without_blanks_are_judged_as_plivos_library_judges_them() -> None:
    both, neither = f"{WRONG},{sign(URL)}", f"{WRONG},{WRONG}"

    assert validate_v3_signature("POST", URL, NONCE, KEY, both, {})
    assert not validate_v3_signature("POST", URL, NONCE, KEY, neither, {})
    assert is_genuine(form([], both))
    assert not is_genuine(form([], neither))


@pytest.mark.parametrize("other", ["", WRONG, "rubbish", sign(URL, key="of the sub-account")])
def test_the_signature_of_the_main_account_counts_as_well(other: str) -> None:
    """With whichever of the two tokens the daemon runs."""
    assert is_genuine(form([], other, more={MAIN_SIGNATURE: sign(URL)}))
    assert is_genuine(form([], sign(URL), more={MAIN_SIGNATURE: other}))
    assert not is_genuine(form([], other, more={MAIN_SIGNATURE: WRONG}))


def test_the_signature_of_the_main_account_alone_is_enough() -> None:
    webhook = form([], "")
    headers = {MAIN_SIGNATURE: f"{WRONG}, {sign(URL)}", NONCE_NAME: NONCE}

    assert is_genuine(replace(webhook, headers=headers))


# --- the older version ----------------------------------------------------------------


def sign_v2(url: str) -> str:
    text = f"{url.partition('?')[0]}{NONCE}"
    return b64encode(hmac.new(KEY.encode(), text.encode(), "sha256").digest()).decode()


def test_the_older_version_proves_nothing_in_any_header() -> None:
    older = {
        "x-plivo-signature-v2": sign_v2(URL),
        "x-plivo-signature-ma-v2": sign_v2(URL),
        "x-plivo-signature-v2-nonce": NONCE,
    }
    newer = {SIGNATURE: sign_v2(URL), MAIN_SIGNATURE: sign_v2(URL), NONCE_NAME: NONCE}

    for headers in (older, newer, older | newer):
        assert not is_genuine(Webhook(method="POST", url=URL, headers=headers, body=b""))


def test_an_older_signature_does_no_harm_beside_a_newer_one() -> None:
    more = {"x-plivo-signature-v2": WRONG, "x-plivo-signature-v2-nonce": "1"}

    assert is_genuine(form([], sign(URL), more=more))


# --- the upgrade to a media stream ----------------------------------------------------


@pytest.mark.parametrize(
    "signed",
    [f"https{STREAM}?token=t", f"wss{STREAM}?token=t", f"https{STREAM}", f"wss{STREAM}"],
)
def test_a_stream_may_be_signed_with_either_scheme_and_without_its_query(signed: str) -> None:
    verify_upgrade(upgrade(sign(signed)), SIGNING)


def test_a_stream_is_signed_as_plivos_library_judges_a_get() -> None:
    signed = f"https{STREAM}?token=t"

    assert validate_v3_signature("GET", signed, NONCE, KEY, sign(signed), {})
    verify_upgrade(upgrade(sign(signed)), SIGNING)


def test_the_signature_of_the_main_account_opens_a_stream_too() -> None:
    headers = {MAIN_SIGNATURE: sign(f"https{STREAM}"), NONCE_NAME: NONCE}

    verify_upgrade(replace(upgrade(None), headers=headers), SIGNING)


@pytest.mark.parametrize(
    "signed",
    [
        f"http{STREAM}?token=t",
        f"https{STREAM}?token=other",
        f"https{STREAM}/?token=t",
        "https://voice.example.com:443/voice/stream?token=t",
        "https://other.example.com/voice/stream?token=t",
        URL,
    ],
)
def test_a_stream_that_was_signed_for_another_url_is_refused(signed: str) -> None:
    with pytest.raises(BadSignatureError):
        verify_upgrade(upgrade(sign(signed)), SIGNING)


def test_a_stream_needs_no_signature() -> None:
    verify_upgrade(upgrade(None), SIGNING)


@pytest.mark.parametrize(
    "url", [f"wss{STREAM}", f"{STREAM_URL}&token=u", f"wss{STREAM}?token=", f"wss{STREAM}?t"]
)
def test_a_stream_must_have_a_token_with_a_signature_and_without(url: str) -> None:
    for signature in (None, sign(f"https{STREAM}")):
        with pytest.raises(BadSignatureError, match="no token"):
            verify_upgrade(upgrade(signature, url), SIGNING)


@pytest.mark.parametrize("name", [SIGNATURE, MAIN_SIGNATURE, NONCE_NAME])
def test_a_stream_with_a_part_of_a_signature_is_refused_in_spite_of_its_token(name: str) -> None:
    with pytest.raises(BadSignatureError, match="malformed"):
        verify_upgrade(replace(upgrade(None), headers={name: NONCE}), SIGNING)


def test_without_an_auth_token_no_stream_is_let_in() -> None:
    for headers in (upgrade(None), upgrade(sign(f"https{STREAM}", key=""))):
        with pytest.raises(BadSignatureError):
            verify_upgrade(headers, Signing(auth_token=""))


@given(
    signature=st.text() | st.just(WRONG),
    url=st.text() | st.just(STREAM_URL) | st.text().map(f"{STREAM_URL}&".__add__),
)
def test_a_stream_with_any_other_signature_is_refused(signature: str, url: str) -> None:
    with pytest.raises(BadSignatureError):
        verify_upgrade(upgrade(signature, url), SIGNING)


# --- the token in the query -----------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("?token=a.b-c_d", "a.b-c_d"),
        ("?a=1&token=a%2Bb", "a+b"),
        ("?token=", ""),
        ("?Token=a", ""),
        ("?token=a&token=a", ""),
        ("?token=%ff", ""),
        ("?token", ""),
        ("", ""),
    ],
)
def test_a_token_is_there_once_or_not_at_all(query: str, token: str) -> None:
    assert find_token(upgrade(None, f"wss{STREAM}{query}")) == token


@given(url=st.text())
def test_any_url_has_a_token_or_none(url: str) -> None:
    assert isinstance(find_token(upgrade(None, url)), str)
