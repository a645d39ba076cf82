"""Plivo's signatures of the third version, made by the functions of Plivo's own library."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from plivo.utils.signature_v3 import (
    construct_get_url,
    construct_post_url,
    get_signature_v3,
)

NONCE_DIGITS = 20


@dataclass(slots=True, kw_only=True)
class Signer:
    """Signs with the customer's token, and with others where Plivo does so.

    ``former_token`` is one that the customer is about to give up: then there are two signatures.
    ``main_token`` is the main account's, if the customer is a sub-account.
    """

    token: str
    former_token: str = ""
    main_token: str = ""

    def sign(self, method: str, url: str, fields: Mapping[str, str]) -> dict[str, str]:
        """The headers of one delivery, with a nonce of its own."""
        nonce = "".join(secrets.choice("0123456789") for _ in range(NONCE_DIGITS))
        tokens = [token for token in (self.former_token, self.token) if token]
        signatures = [sign(token, method, url, fields, nonce) for token in tokens]
        main_token = self.main_token or self.token
        return {
            "X-Plivo-Signature-V3": ", ".join(signatures),
            "X-Plivo-Signature-Ma-V3": sign(main_token, method, url, fields, nonce),
            "X-Plivo-Signature-V3-Nonce": nonce,
        }


def sign(token: str, method: str, url: str, fields: Mapping[str, str], nonce: str) -> str:
    """One signature; for GET the fields are in the URL."""
    text = read_url(url) if method == "GET" else construct_post_url(url, dict(fields))
    signature: bytes = get_signature_v3(token.encode(), text.decode(), nonce.encode())
    return signature.decode()


def read_url(url: str) -> bytes:
    """What is signed of a GET.

    Plivo's function gets the query as texts, since it fails on bytes that are not ASCII.
    """
    split = urlsplit(url)
    values: dict[str, list[str]] = parse_qs(split.query, keep_blank_values=True)
    text: bytes = construct_get_url(split._replace(query="").geturl(), values)
    return text
