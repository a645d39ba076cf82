"""Plivo for the contract of all carriers: how it is made, and some of what it sends."""

from collections.abc import Callable
from typing import TypeVar

from plivo.utils.signature_v3 import construct_post_url, get_signature_v3

from voicecalld.errors import BadMessageError
from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import Provider
from voicecalld.provider.form import parse_form_body
from voicecalld.provider.http import HttpResponse, Webhook
from voicecalld.provider.plivo import PlivoProvider

SampleT = TypeVar("SampleT")

ACCOUNT = "MA0123456789ABCDEFGH"
KEY = "hunter2"
NONCE = "31627761595286130198"
WEBHOOK_URL = "https://voice.example.com/voice/webhook?callId=call-1"
CALL = ProviderCallId("b7c1e2d4-60f1-11ef-9a55-0242ac110003")


def make() -> Provider:
    """Plivo for an account that nobody has."""
    return PlivoProvider(
        auth_id=ACCOUNT,
        auth_token=KEY,
        api_base_url="https://api.plivo.com",
        language="en-US",
        voice="",
    )


def sign(body: bytes, url: str = WEBHOOK_URL) -> Webhook:
    """A genuine webhook with *body*, signed by Plivo's own library if it is a form."""
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-plivo-signature-v3": sign_form(body, url),
        "x-plivo-signature-v3-nonce": NONCE,
    }
    return Webhook(method="POST", url=url, headers=headers, body=body)


def sign_form(body: bytes, url: str) -> str:
    """The signature of the form that *body* is; of no form there is none."""
    try:
        fields = {name: [*values] for name, values in parse_form_body(body).items()}
    except BadMessageError:
        return ""
    base = construct_post_url(url, fields).decode()
    return str(get_signature_v3(KEY, base, NONCE).decode())


def build_sample(kind: Callable[..., SampleT]) -> SampleT:
    """The sample, of the class that the contract has for samples."""
    return kind(
        make=make,
        sign=sign,
        call=CALL,
        genuine_body=f"CallUUID={CALL}&Event=Redirect&CallStatus=in-progress&Digits=1".encode(),
        other_body=f"CallUUID={CALL}&Event=Redirect&CallStatus=in-progress&Digits=2".encode(),
        unknown_body=f"CallUUID={CALL}&Event=Transferred&CallStatus=in-progress".encode(),
        placed=HttpResponse(status=201, body=f'{{"request_uuid":"{CALL}"}}'.encode()),
        signs_time=False,
        echoes=False,  # what it sends has other names than what it is sent
    )
