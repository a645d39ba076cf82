"""Twilio's signatures: as published, and as Twilio's own library makes and judges them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from tests.provider.twilio.signing import (
    ACCOUNT,
    KEY,
    SIGNING,
    STREAM_URL,
    URL,
    Pairs,
    form,
    is_genuine,
    sign,
    upgrade,
)
from voicecalld.errors import BadSignatureError
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio.signature import Signing, verify_signature, verify_upgrade

VECTORS = json.loads((Path(__file__).parent / "vectors" / "signatures.json").read_text())[
    "vectors"
]


class Multi(dict[str, list[str]]):
    """The fields of a form as Twilio's library takes them."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def multi(pairs: Pairs) -> Multi:
    fields = Multi()
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


# --- as published ---------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["id"]))
def test_every_published_signature_is_judged_as_it_should(vector: Mapping[str, Any]) -> None:
    if vector["params"] is None:
        headers = {"content-type": "application/json", "x-twilio-signature": vector["signature"]}
        webhook = Webhook(
            method="POST", url=vector["url"], headers=headers, body=vector["body"].encode()
        )
    else:
        pairs = [(name, value) for name, value in vector["params"]]
        webhook = form(pairs, vector["signature"], vector["url"])

    judgement = "accept" if is_genuine(webhook) else "reject"

    assert vector["should"] in {judgement, "either"}


# --- as Twilio's own library judges ---------------------------------------------------

NAMES = st.text("ABab_.é😀", min_size=1, max_size=4)
VALUES = st.text("ABab 01+&=%/?#é\U0001f600", max_size=5)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
QUERIES = st.sampled_from(["", "?foo=1&bar=2", "?b=%C3%A9&a=x+y", "?a=%2F%3f"])
URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["voice.example.com", "203.0.113.7", "x.test"]),
    st.sampled_from(["", ":443", ":80", ":1234"]),
    st.sampled_from(["/", "/a", "/a/b/", "/It%27s"]),
    QUERIES,
)


def library_says(url: str, pairs: Pairs, signature: str) -> bool:
    return bool(RequestValidator(KEY).validate(url, multi(pairs), signature))


@given(url=URLS, pairs=FIELDS)
def test_what_twilios_library_signs_is_genuine(url: str, pairs: Pairs) -> None:
    signature = RequestValidator(KEY).compute_signature(url, multi(pairs))
    # Of an explicit port that is the default the library itself accepts both forms.
    assert library_says(url, pairs, signature)

    assert is_genuine(form(pairs, signature, url))


@given(url=URLS, signed_url=URLS, pairs=FIELDS)
def test_another_url_is_judged_as_twilios_library_judges_it(
    url: str, signed_url: str, pairs: Pairs
) -> None:
    signature = RequestValidator(KEY).compute_signature(signed_url, multi(pairs))

    assert is_genuine(form(pairs, signature, url)) == library_says(url, pairs, signature)


@given(url=URLS, pairs=FIELDS, signed=FIELDS)
def test_other_fields_are_judged_as_twilios_library_judges_them(
    url: str, pairs: Pairs, signed: Pairs
) -> None:
    signature = RequestValidator(KEY).compute_signature(url, multi(signed))

    assert is_genuine(form(pairs, signature, url)) == library_says(url, pairs, signature)


@given(url=URLS, pairs=FIELDS, data=st.data())
def test_any_order_and_any_doubling_of_the_fields_is_genuine(
    url: str, pairs: Pairs, data: st.DataObject
) -> None:
    signature = RequestValidator(KEY).compute_signature(url, multi(pairs))
    shuffled = data.draw(st.permutations(pairs)) + pairs[:1]

    assert library_says(url, shuffled, signature)
    assert is_genuine(form(shuffled, signature, url))


@given(url=URLS, pairs=FIELDS, place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_signature_with_one_character_changed_is_wrong(
    url: str, pairs: Pairs, place: int, flip: int
) -> None:
    genuine = RequestValidator(KEY).compute_signature(url, multi(pairs))
    place %= len(genuine)
    forged = genuine[:place] + chr(ord(genuine[place]) ^ flip) + genuine[place + 1 :]

    assert not library_says(url, pairs, forged)
    assert not is_genuine(form(pairs, forged, url))


@given(url=URLS, pairs=FIELDS, token=st.text(min_size=1))
def test_what_is_signed_with_another_token_is_not_genuine(
    url: str, pairs: Pairs, token: str
) -> None:
    assume(token != KEY)
    signature = RequestValidator(token).compute_signature(url, multi(pairs))

    assert not library_says(url, pairs, signature)
    assert not is_genuine(form(pairs, signature, url))


# --- what is signed, and the replay key -----------------------------------------------


def test_blank_fields_and_unknown_ones_are_signed_too() -> None:
    pairs = [("ForwardedFrom", ""), ("Whatever", "é")]
    signature = sign(f"{URL}ForwardedFromWhateveré")

    assert is_genuine(form(pairs, signature))
    assert not is_genuine(form(pairs, sign(f"{URL}Whateveré")))


def test_the_replay_key_does_not_depend_on_the_order_of_the_fields() -> None:
    pairs = [("B", "2"), ("A", "1"), ("A", "0")]
    signature = sign(f"{URL}A0A1B2")

    keys = {
        verify_signature(form(pairs, signature), SIGNING),
        verify_signature(form(pairs[::-1], signature), SIGNING),
        verify_signature(form([*pairs, ("A", "1")], signature), SIGNING),
    }

    assert len(keys) == 1


def test_fields_that_are_cut_otherwise_have_the_same_replay_key() -> None:
    """Nothing separates names from values in what is signed, so both of them are genuine."""
    whole = form([("a", "bc")], sign(f"{URL}abc"))
    cut = form([("ab", "c")], sign(f"{URL}abc"))
    in_the_url = form([], sign(f"{URL}abc"), f"{URL}abc")

    keys = {verify_signature(webhook, SIGNING) for webhook in (whole, cut, in_the_url)}

    assert len(keys) == 1


def test_the_replay_key_does_not_depend_on_the_port_nor_on_unsigned_headers() -> None:
    pairs = [("A", "1")]
    with_port = URL.replace(".com/", ".com:443/")
    token = {"i-twilio-idempotency-token": "7"}

    keys = {
        verify_signature(form(pairs, sign(f"{URL}A1")), SIGNING),
        verify_signature(form(pairs, sign(f"{with_port}A1")), SIGNING),
        verify_signature(form(pairs, sign(f"{URL}A1"), with_port), SIGNING),
        verify_signature(form(pairs, sign(f"{URL}A1"), more=token), SIGNING),
    }

    assert len(keys) == 1


def test_different_events_have_different_replay_keys() -> None:
    keys = {
        verify_signature(form([("SequenceNumber", n)], sign(f"{URL}SequenceNumber{n}")), SIGNING)
        for n in "012"
    }

    assert len(keys) == 3


def test_a_webhook_of_another_account_is_not_genuine() -> None:
    other = "AC" + "f" * 32

    assert is_genuine(form([("AccountSid", ACCOUNT)], sign(f"{URL}AccountSid{ACCOUNT}")))
    with pytest.raises(BadSignatureError, match="another account"):
        verify_signature(form([("AccountSid", other)], sign(f"{URL}AccountSid{other}")), SIGNING)


def test_without_an_auth_token_nothing_is_genuine() -> None:
    signing = Signing(account_sid=ACCOUNT, auth_token="", shared_key="")
    with_key = Signing(account_sid=ACCOUNT, auth_token="", shared_key="k")
    webhook = form([], sign(URL, key=""))

    assert not is_genuine(webhook, signing)
    assert not is_genuine(form([], sign(URL, key="k", algorithm="sha256")), with_key)
    with pytest.raises(BadSignatureError):
        verify_upgrade(upgrade(sign(STREAM_URL, key="")), signing)


def test_the_secrets_are_not_in_what_is_printed() -> None:
    signing = Signing(account_sid=ACCOUNT, auth_token=KEY, shared_key="key")

    assert repr(signing) == f"Signing(account_sid='{ACCOUNT}')"


@pytest.mark.parametrize(
    ("signing", "signature", "setting"),
    [
        (SIGNING, sign(URL, key="another"), "twilio.auth_token"),
        (
            Signing(account_sid=ACCOUNT, auth_token=KEY, shared_key="k"),
            sign(URL, key="another", algorithm="sha256"),
            "twilio.shared_key",
        ),
    ],
)
def test_a_refusal_says_what_to_check_and_which_url_was_assumed(
    signing: Signing, signature: str, setting: str
) -> None:
    webhook = form([], signature)
    settings = {"x-twilio-webhooks-signature-settings": "algorithm=HMAC_SHA256"}
    webhook = replace(webhook, headers={**webhook.headers, **settings})

    with pytest.raises(BadSignatureError, match=r"^the signature is wrong; check ") as refused:
        verify_signature(webhook, signing)

    assert f"check {setting}, and that public_url is " in str(refused.value)
    assert refused.value.url == URL.partition("?")[0]


def test_of_a_stream_too_the_url_is_told_that_was_assumed() -> None:
    with pytest.raises(BadSignatureError) as refused:
        verify_upgrade(upgrade(sign(URL)), SIGNING)

    assert refused.value.url == STREAM_URL
