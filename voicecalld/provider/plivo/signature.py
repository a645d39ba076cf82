"""Is it really Plivo? An HMAC over the URL, the fields of the form, and a nonce: "V3".

What is signed is the URL without its query; behind a question mark the fields of the query,
sorted, as ``a=1&b=2``; then those of the form, sorted, as ``a1b2``, behind a dot if there is a
query too; and at last a dot and the nonce. Unlike Twilio, Plivo signs doubled fields as often as
they come, and the query in no particular order. "V2", which Plivo has for messages, covers neither
query nor form: it proves nothing here.

There is no time in it, so a genuine webhook stays genuine for ever. When Plivo tries again, what
it says is the same, but the nonce may be another. The replay key is therefore made of what was
signed without the nonce, and a second try gets the answer of the first. That is safe because our
URLs differ for each thing that is asked, and because a nonce has no dot: nobody can move the end
of a form into it, and have the rest taken for something new.

Source: Plivo's own libraries; the vectors that they publish are in our tests.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from voicecalld.errors import BadMessageError, BadSignatureError
from voicecalld.provider.form import (
    FORM_TYPE,
    Fields,
    media_type,
    parse_form_body,
    parse_query,
    read_one,
)
from voicecalld.provider.http import Webhook

NONCE_HEADER: Final = "x-plivo-signature-v3-nonce"

# With the token of the account, and with that of the account above it: we may hold either.
SIGNATURE_HEADERS: Final = ("x-plivo-signature-v3", "x-plivo-signature-ma-v3")

TOKEN_FIELD: Final = "token"  # noqa: S105 - a name, in the query of a stream's URL

SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=")
NONCE = re.compile(r"[A-Za-z0-9_-]{1,128}")
URL = re.compile(
    r"(?P<base>(?P<scheme>https?|wss?)(?P<rest>://[^/?#\s]+(?:/[^?#]*)?))(?:\?[^#]*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How our account's webhooks are signed; without an ``auth_token`` nothing is genuine."""

    auth_token: str = field(repr=False)

    def sign(self, text: str) -> bytes:
        """The signature of *text*, as it is in the header."""
        digest = hmac.new(self.auth_token.encode(), text.encode(), hashlib.sha256).digest()
        return b64encode(digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the headers of a request bring: any one of the ``signatures`` is enough."""

    signatures: tuple[bytes, ...]
    nonce: str


def verify_signature(webhook: Webhook, signing: Signing) -> str:
    """The replay key of a genuine webhook, made of nothing but what was signed.

    Raises:
        BadSignatureError: it is not Plivo's.
    """
    proof = read_proof(webhook, signing)
    try:
        text = describe(webhook)
    except BadMessageError as problem:
        raise BadSignatureError(f"it cannot be genuine: {problem}") from problem
    check_proof(proof, [text], signing, webhook.url)
    return hashlib.sha256(text.encode()).hexdigest()


def verify_upgrade(upgrade: Webhook, signing: Signing) -> None:
    """Check that the request that opens a media stream has a token, and its signature, if any.

    Nobody has written down whether Plivo always signs it; its own library for Node takes it for a
    GET of an ``https:`` URL. The token is checked by whoever has minted it; so it is no loss that
    the signature may be missing, or leave out the query. Nothing behind it could show a token.

    Raises:
        BadSignatureError: the signature is wrong, or there is no token.
    """
    if not find_token(upgrade):
        raise BadSignatureError("there is no token")
    if not has_proof(upgrade) and signing.auth_token:
        return
    proof = read_proof(upgrade, signing)
    query = describe_query(parse_query(upgrade.url))  # it holds the token, so it can be read
    rest = split_url(upgrade.url)["rest"]
    texts = [f"{scheme}{rest}{end}" for scheme in ("https", "wss") for end in (query, "")]
    check_proof(proof, texts, signing, upgrade.url)


def find_token(upgrade: Webhook) -> str:
    """The stream's token in the query of the request that opens it; empty if there is none."""
    try:
        return read_one(parse_query(upgrade.url), TOKEN_FIELD) or ""
    except BadMessageError:
        return ""


def has_proof(request: Webhook) -> bool:
    """Whether *request* has any of the headers that go with a signature."""
    return any(name in request.headers for name in (NONCE_HEADER, *SIGNATURE_HEADERS))


def read_proof(request: Webhook, signing: Signing) -> Proof:
    """The signatures and the nonce in the headers, those of them that are well-formed.

    Raises:
        BadSignatureError: they are missing or malformed; or nothing is genuine.
    """
    if not signing.auth_token:
        raise BadSignatureError("without an auth token nothing can be genuine")
    nonce = request.headers.get(NONCE_HEADER, "")
    if NONCE.fullmatch(nonce) is None:
        raise BadSignatureError("the nonce is missing or malformed")
    signatures = tuple(list_signatures(request))
    if not signatures:
        raise BadSignatureError("the signature is missing or malformed")
    return Proof(signatures=signatures, nonce=nonce)


def list_signatures(request: Webhook) -> Iterator[bytes]:
    """The signatures in the headers: several while a token is being replaced by another."""
    for name in SIGNATURE_HEADERS:
        for part in request.headers.get(name, "").split(","):
            signature = part.strip(" \t")
            if SIGNATURE.fullmatch(signature) is not None:
                yield signature.encode("ascii")


def describe(webhook: Webhook) -> str:
    """What is signed of *webhook*, up to the nonce.

    Raises:
        BadMessageError: it has parts that the signature does not cover, or that are malformed.
        BadSignatureError: its URL is not one that can have been signed.
    """
    base, query = split_url(webhook.url)["base"], describe_query(parse_query(webhook.url))
    match webhook.method:
        case "GET" if not webhook.body:
            return f"{base}{query}"
        case "POST":
            form = read_form(webhook)
            mark = "" if not form else "." if query else "?"
            return f"{base}{query}{mark}{''.join(list_sorted(form, ''))}"
        case _:
            raise BadMessageError("its method or its body is not covered by the signature")


def split_url(url: str) -> re.Match[str]:
    """The parts of *url*, as they are: what has been repaired is no longer what was signed.

    Raises:
        BadSignatureError: it is no URL that could have been signed.
    """
    parts = URL.fullmatch(url) if url.isascii() else None
    if parts is None:
        raise BadSignatureError("its URL is not one that Plivo can have signed")
    return parts


def describe_query(query: Fields) -> str:
    """What is signed of a *query*: nothing, or its question mark and its fields."""
    return f"?{'&'.join(list_sorted(query, '='))}" if query else ""


def read_form(webhook: Webhook) -> Fields:
    """The fields of the form that is posted.

    Raises:
        BadMessageError: there is a body, and it is no form.
    """
    if not webhook.body:
        return {}
    if media_type(webhook) != FORM_TYPE:
        raise BadMessageError("its body is not covered by the signature")
    return parse_form_body(webhook.body)


def list_sorted(fields: Fields, between: str) -> Iterator[str]:
    """The names and values of *fields* in the order in which they are signed."""
    for name in sorted(fields):
        for value in sorted(fields[name]):
            yield f"{name}{between}{value}"


def check_proof(proof: Proof, texts: Iterable[str], signing: Signing, url: str) -> None:
    """Check that *proof* has the signature of one of *texts*, each together with the nonce.

    They were made with *url*.

    Raises:
        BadSignatureError: it has none.
    """
    # Every one is compared, so that the time tells nothing.
    matches = [
        hmac.compare_digest(signing.sign(f"{text}.{proof.nonce}"), signature)
        for text in texts
        for signature in proof.signatures
    ]
    if not any(matches):
        hint = "check plivo.auth_token, and that public_url is the URL that Plivo calls"
        raise BadSignatureError(f"the signature is wrong; {hint}", url=url.partition("?")[0])
