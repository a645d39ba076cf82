"""Is it really Twilio? An HMAC over the URL and the fields of the form.

What is signed is the URL as we gave it to Twilio and then, for each distinct name in byte order,
each of its distinct values in byte order: the name and the value, with nothing between them. A
body that is no form is vouched for by its SHA-256 in the URL, in ``bodySHA256``.

There is no time and no nonce in it, so a genuine webhook stays genuine for ever; and as nothing
separates names from values, ``ab=c`` and ``a=bc`` have the same signature. The replay key is
therefore made of what was signed, not of the fields: however the fields are cut, it is the same.

Source: Twilio's "Webhooks security"; the vectors of its own libraries are in our tests.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from voicecalld.errors import BadMessageError, BadSignatureError
from voicecalld.provider.form import (
    FORM_TYPE,
    Fields,
    media_type,
    parse_form_body,
    parse_query,
)
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio.signed_url import SignedUrl, parse_signed_url

SIGNATURE_HEADER: Final = "x-twilio-signature"
SETTINGS_HEADER: Final = "x-twilio-webhooks-signature-settings"
BODY_HASH: Final = "bodySHA256"
JSON_TYPE: Final = "application/json"

SHA1_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
SHA256_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How our account's webhooks are signed; the configuration decides, never the request.

    Whoever has a ``shared_key`` gets HMAC-SHA256 with that key and nothing else, all others
    HMAC-SHA1 with the account's ``auth_token``. Without an ``auth_token`` nothing is genuine.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    shared_key: str = field(default="", repr=False)

    @property
    def algorithm(self) -> str:
        """The algorithm, as Twilio names it."""
        return "HMAC_SHA256" if self.shared_key else "HMAC_SHA1"

    def sign(self, text: str) -> bytes:
        """The signature of *text*, as it is in the header."""
        digest = hashlib.sha256 if self.shared_key else hashlib.sha1
        key = (self.shared_key or self.auth_token).encode()
        return b64encode(hmac.new(key, text.encode(), digest).digest())


def verify_signature(webhook: Webhook, signing: Signing) -> str:
    """The replay key of a genuine webhook, made of nothing but what was signed.

    Raises:
        BadSignatureError: it is not Twilio's, or of another account.
    """
    signature = read_signature(webhook, signing)
    url = parse_signed_url(webhook.url)
    try:
        fields = read_signed_fields(webhook)
    except BadMessageError as problem:
        raise BadSignatureError(f"it cannot be genuine: {problem}") from problem
    tail = "".join(list_signed(fields))
    texts = (text + tail for text in url.variants())
    check_signature(signature, texts, signing, webhook.url)
    if any(sid != signing.account_sid for sid in fields.get("AccountSid", ())):
        raise BadSignatureError("it is of another account; check twilio.account_sid")
    return make_replay_key(signing.algorithm, url, tail)


def verify_upgrade(upgrade: Webhook, signing: Signing) -> None:
    """Check the signature of the request that opens a media stream, which Twilio always sends.

    It covers the URL alone. Whether that ends with a slash depends on who has passed it on.

    Raises:
        BadSignatureError: it is missing or wrong.
    """
    signature = read_signature(upgrade, signing)
    url = parse_signed_url(upgrade.url)
    texts = (*url.variants(), *url.with_other_slash().variants())
    check_signature(signature, iter(texts), signing, upgrade.url)


def read_signature(webhook: Webhook, signing: Signing) -> bytes:
    """The signature in the header, well-formed and of the kind that our account has.

    Raises:
        BadSignatureError: it is missing, malformed, or of another kind; or nothing is genuine.
    """
    if not signing.auth_token:
        raise BadSignatureError("without an auth token nothing can be genuine")
    if signing.shared_key and read_algorithm(webhook) != signing.algorithm:
        raise BadSignatureError("it is not signed with the shared key")
    form = SHA256_SIGNATURE if signing.shared_key else SHA1_SIGNATURE
    signature = webhook.headers.get(SIGNATURE_HEADER, "")
    if form.fullmatch(signature) is None:
        raise BadSignatureError("the signature is missing or malformed")
    return signature.encode("ascii")


def read_algorithm(webhook: Webhook) -> str:
    """The algorithm that the webhook names; without a name it is the older one."""
    for setting in webhook.headers.get(SETTINGS_HEADER, "").split(","):
        name, _, value = setting.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip()
    return "HMAC_SHA1"


def read_signed_fields(webhook: Webhook) -> Fields:
    """The fields that are signed along with the URL: those of a form.

    Raises:
        BadMessageError: the body is neither a form nor vouched for by its hash in the URL.
    """
    query = parse_query(webhook.url)
    kind = media_type(webhook)
    hashes = query.get(BODY_HASH)
    if hashes is not None and hashes != (hashlib.sha256(webhook.body).hexdigest(),):
        raise BadMessageError("its body is not the one that was signed")
    if not webhook.body:
        return {}
    if kind == FORM_TYPE:
        return parse_form_body(webhook.body)
    if kind == JSON_TYPE and hashes is not None:
        return {}
    raise BadMessageError("its body is not covered by the signature")


def list_signed(fields: Fields) -> Iterator[str]:
    """The names and values of *fields* in the order in which they are signed."""
    # The order of code points, which Python sorts by, is the order of their bytes in UTF-8.
    for name in sorted(fields):
        for value in sorted(set(fields[name])):
            yield name + value


def check_signature(signature: bytes, texts: Iterator[str], signing: Signing, url: str) -> None:
    """Check that *signature* is that of one of *texts*, which were made with *url*.

    Raises:
        BadSignatureError: it is of none of them.
    """
    # Every one is compared, so that the time tells nothing.
    matches = [hmac.compare_digest(signing.sign(text), signature) for text in texts]
    if not any(matches):
        key = "twilio.shared_key" if signing.shared_key else "twilio.auth_token"
        hint = f"check {key}, and that public_url is the URL that Twilio calls"
        raise BadSignatureError(f"the signature is wrong; {hint}", url=url.partition("?")[0])


def make_replay_key(algorithm: str, url: SignedUrl, tail: str) -> str:
    """The same for all that has the same signature, with whichever port it was signed."""
    return hashlib.sha256(f"{algorithm}\n{url.without_port()}{tail}".encode()).hexdigest()
