"""Plivo's signatures: as published, and as Plivo's own library makes and judges them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from plivo.utils.signature_v3 import (
    construct_get_url,
    construct_post_url,
    get_signature_v3,
    validate_v3_signature,
)

from tests.provider.plivo.signing import (
    FORM,
    KEY,
    NONCE,
    NONCE_NAME,
    SIGNATURE,
    SIGNING,
    URL,
    Pairs,
    form,
    get,
    is_genuine,
    sign,
)
from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.plivo.signature import Signing, describe, verify_signature

VECTORS = json.loads((Path(__file__).parent / "vectors" / "signatures.json").read_text())[
    "vectors"
]


def multi(pairs: Pairs) -> dict[str, Any]:
    """The fields of a form as Plivo's library takes them."""
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


# --- as published ---------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["id"]))
def test_every_published_signature_is_judged_as_it_should(vector: Mapping[str, Any]) -> None:
    url, fields, is_post = vector["url"], urlencode(vector["params"]), vector["method"] == "POST"
    if fields and not is_post:  # a GET has all of its fields in the URL
        url += f"{'&' if '?' in url else '?'}{fields}"
    headers = {"content-type": FORM, SIGNATURE: vector["signature"], NONCE_NAME: vector["nonce"]}
    body = fields.encode() if is_post else b""
    webhook = Webhook(method=vector["method"], url=url, headers=headers, body=body)

    genuine = is_genuine(webhook, Signing(auth_token=vector["token"]))

    assert genuine is vector["genuine"]


def test_both_kinds_of_signature_are_among_the_published_ones() -> None:
    assert {(vector["scheme"], vector["genuine"]) for vector in VECTORS} == {
        ("V2", False),
        ("V3", True),
    }


# --- as Plivo's own library judges ----------------------------------------------------

NAMES = st.text("ABab_.é😀", min_size=1, max_size=4)
VALUES = st.text("ABab 01+&=%/?#é\U0001f600", max_size=5)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
# Of escapes that are not ASCII the library makes an exception.
QUERIES = st.sampled_from(["", "?", "?foo=1&bar=2", "?b=&a=x+y", "?a=%2F%3f&a=2", "?a=b%26c%3Dd"])
URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["voice.example.com", "203.0.113.7", "x.test"]),
    st.sampled_from(["", ":443", ":80", ":1234"]),
    st.sampled_from(["", "/", "/a", "/a/b/", "/It%27s"]),
    QUERIES,
)


def library_signs(url: str, pairs: Pairs, key: str = KEY) -> str:
    base = construct_post_url(url, multi(pairs)).decode()
    return str(get_signature_v3(key, base, NONCE).decode())


def library_says(url: str, pairs: Pairs, signature: str) -> bool:
    return bool(validate_v3_signature("POST", url, NONCE, KEY, signature, multi(pairs)))


@given(url=URLS, pairs=FIELDS)
def test_what_plivos_library_signs_is_genuine(url: str, pairs: Pairs) -> None:
    signature = library_signs(url, pairs)

    assert library_says(url, pairs, signature)
    assert is_genuine(form(pairs, signature, url))


@given(url=URLS)
def test_a_get_that_plivos_library_signs_is_genuine(url: str) -> None:
    signature = get_signature_v3(KEY, construct_get_url(url, {}).decode(), NONCE).decode()

    assert validate_v3_signature("GET", url, NONCE, KEY, signature, {})
    assert is_genuine(get(signature, url))


@given(url=URLS, pairs=FIELDS)
def test_what_we_would_sign_is_genuine_to_plivos_library(url: str, pairs: Pairs) -> None:
    text = describe(form(pairs, "", url))

    assert library_says(url, pairs, SIGNING.sign(f"{text}.{NONCE}").decode())


@given(url=URLS, signed_url=URLS, pairs=FIELDS)
def test_another_url_is_judged_as_plivos_library_judges_it(
    url: str, signed_url: str, pairs: Pairs
) -> None:
    signature = library_signs(signed_url, pairs)

    assert is_genuine(form(pairs, signature, url)) == library_says(url, pairs, signature)


@given(url=URLS, pairs=FIELDS, signed=FIELDS)
def test_other_fields_are_judged_as_plivos_library_judges_them(
    url: str, pairs: Pairs, signed: Pairs
) -> None:
    signature = library_signs(url, signed)

    assert is_genuine(form(pairs, signature, url)) == library_says(url, pairs, signature)


@given(url=URLS, pairs=FIELDS, data=st.data())
def test_any_order_of_the_fields_is_genuine_but_no_doubling(
    url: str, pairs: Pairs, data: st.DataObject
) -> None:
    signature = library_signs(url, pairs)
    shuffled = data.draw(st.permutations(pairs))
    doubled = shuffled + pairs[:1]

    assert is_genuine(form(shuffled, signature, url))
    assert is_genuine(form(doubled, signature, url)) == library_says(url, doubled, signature)
    assert not pairs or not is_genuine(form(doubled, signature, url))


@given(url=URLS, pairs=FIELDS, place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_signature_with_one_character_changed_is_wrong(
    url: str, pairs: Pairs, place: int, flip: int
) -> None:
    genuine = library_signs(url, pairs)
    place %= len(genuine)
    forged = genuine[:place] + chr(ord(genuine[place]) ^ flip) + genuine[place + 1 :]

    assert not library_says(url, pairs, forged)
    assert not is_genuine(form(pairs, forged, url))


@given(url=URLS, pairs=FIELDS, token=st.text(min_size=1))
def test_what_is_signed_with_another_token_is_not_genuine(
    url: str, pairs: Pairs, token: str
) -> None:
    assume(token != KEY)
    signature = library_signs(url, pairs, token)

    assert not library_says(url, pairs, signature)
    assert not is_genuine(form(pairs, signature, url))


# --- what is signed, and the replay key -----------------------------------------------


def test_blank_fields_and_unknown_ones_are_signed_too() -> None:
    pairs = [("ForwardedFrom", ""), ("Whatever", "é")]
    signature = sign(f"{URL}.ForwardedFromWhateveré")

    assert is_genuine(form(pairs, signature))
    assert not is_genuine(form(pairs, sign(f"{URL}.Whateveré")))


def test_a_query_that_is_not_ascii_is_signed_as_it_reads() -> None:
    """Plivo's library for Python fails on it, the others do not."""
    url = "https://voice.example.com/?b=%C3%A9&a=%F0%9F%98%80"

    assert is_genuine(get(sign("https://voice.example.com/?a=😀&b=é"), url))


def test_the_replay_key_does_not_depend_on_order_nor_on_the_nonce() -> None:
    pairs = [("B", "2"), ("A", "1"), ("A", "0")]
    text = f"{URL}.A0A1B2"
    other = {NONCE_NAME: "2", SIGNATURE: sign(text, nonce="2")}

    keys = {
        verify_signature(form(pairs, sign(text)), SIGNING),
        verify_signature(form(pairs[::-1], sign(text)), SIGNING),
        verify_signature(form(pairs, "", more=other), SIGNING),
        verify_signature(
            form(pairs, sign(text), "https://voice.example.com/voice/webhook?node=main&callId=1"),
            SIGNING,
        ),
    }

    assert len(keys) == 1


def test_fields_that_are_cut_otherwise_have_the_same_replay_key() -> None:
    """Nothing separates names from values in what is signed, so all of them are genuine."""
    whole = form([("a", "bc")], sign(f"{URL}.abc"))
    cut = form([("ab", "c")], sign(f"{URL}.abc"))
    in_the_url = form([], sign(f"{URL}.abc"), f"{URL}.abc")
    asked_for = get(sign(f"{URL}.abc"), f"{URL}.abc")

    keys = {verify_signature(webhook, SIGNING) for webhook in (whole, cut, in_the_url, asked_for)}

    assert len(keys) == 1


@pytest.mark.parametrize("cut", [".", ".c", ".c.d"])
def test_the_end_of_a_form_cannot_be_moved_into_the_nonce(cut: str) -> None:
    """It would be signed, say something else, and have a replay key that was never seen."""
    genuine = form([("a", f"b{cut}")], sign(f"{URL}.ab{cut}"))
    nonce = f"{cut[1:]}.{NONCE}"
    moved = form([("a", "b")], sign(f"{URL}.ab{cut}"), more={NONCE_NAME: nonce})

    assert is_genuine(genuine)
    assert not is_genuine(moved)


def test_different_events_have_different_replay_keys() -> None:
    keys = {
        verify_signature(form([("Event", name)], sign(f"{URL}.Event{name}")), SIGNING)
        for name in ("Ring", "StartApp", "Hangup")
    }

    assert len(keys) == 3


def test_without_an_auth_token_nothing_is_genuine() -> None:
    assert not is_genuine(form([], sign(URL, key="")), Signing(auth_token=""))


def test_the_secret_is_not_in_what_is_printed() -> None:
    assert repr(Signing(auth_token=KEY)) == "Signing()"


def test_a_refusal_says_what_to_check_and_which_url_was_assumed() -> None:
    webhook = form([], sign("another"))

    with pytest.raises(BadSignatureError, match=r"^the signature is wrong; check ") as refused:
        verify_signature(webhook, SIGNING)

    assert "plivo.auth_token, and that public_url is " in str(refused.value)
    assert refused.value.url == URL.partition("?")[0]
