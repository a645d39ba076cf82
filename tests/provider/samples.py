"""Each carrier for the contract of all of them: how it is made, and some of what it sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from tests.provider.plivo import sample as plivo
from tests.provider.telnyx import sample as telnyx
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import PlaceOrder, Provider
from voicecalld.provider.catalog import build_provider
from voicecalld.provider.http import HttpResponse, Webhook
from voicecalld.provider.mock.signature import sign
from voicecalld.settings import Settings

KEY = b"k" * 32
SIGNED_UNIX_S = 1_700_000_000.0
ORDER = PlaceOrder(
    call_id=CallId("call-1"),
    to=PhoneNumber("+15550001"),
    from_=PhoneNumber("+15550002"),
    webhook_url="https://voice.example.com/voice/webhook?callId=call-1",
    ring_timeout_s=30.0,
    max_duration_s=300.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How one carrier is made, and some of what it sends.

    *sign* makes a genuine webhook of a body, signed at `SIGNED_UNIX_S`, which *signs_time* of
    signing as well or does not. *call* is its name for the call of `ORDER`. *echoes* says that
    the messages to the carrier have the shape of those from it. A carrier that *takes_commands*
    reads no documents, and knows an order that it gets twice.
    """

    make: Callable[[], Provider]
    sign: Callable[[bytes], Webhook]
    call: ProviderCallId
    genuine_body: bytes
    other_body: bytes
    unknown_body: bytes
    placed: HttpResponse
    signs_time: bool
    echoes: bool
    takes_commands: bool = False


def sign_mock(body: bytes) -> Webhook:
    headers = sign(body, KEY, SIGNED_UNIX_S)
    return Webhook(method="POST", url=ORDER.webhook_url, headers=headers, body=body)


TWILIO = Settings.model_validate(
    {
        "provider": "twilio",
        "from_number": ORDER.from_,
        "public_url": ORDER.webhook_url.partition("?")[0],
        "twilio": {"account_sid": f"AC{'0' * 32}", "auth_token": "hunter2"},
    }
)
TWILIO_CALL = f"CA{'1' * 32}"


def sign_twilio(body: bytes) -> Webhook:
    fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    validator = RequestValidator(TWILIO.twilio.auth_token.get_secret_value())
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": validator.compute_signature(ORDER.webhook_url, fields),
    }
    return Webhook(method="POST", url=ORDER.webhook_url, headers=headers, body=body)


SAMPLES: Mapping[str, Sample] = {
    "mock": Sample(
        make=lambda: build_provider(Settings(), key=KEY),
        sign=sign_mock,
        call=ProviderCallId("mock-1"),
        genuine_body=(
            b'{"event":"answered","id":"1","call":"mock-1","callId":"call-1",'
            b'"direction":"outbound","from":"+15550002","to":"+15550001"}'
        ),
        other_body=(
            b'{"event":"answered","id":"2","call":"mock-1","callId":"call-1",'
            b'"direction":"outbound","from":"+15550002","to":"+15550001"}'
        ),
        unknown_body=b'{"event":"transferred"}',
        placed=HttpResponse(status=201, body=b'{"id":"mock-1"}'),
        signs_time=True,
        echoes=True,
    ),
    "twilio": Sample(
        make=lambda: build_provider(TWILIO, key=b""),
        sign=sign_twilio,
        call=ProviderCallId(TWILIO_CALL),
        genuine_body=f"CallSid={TWILIO_CALL}&CallStatus=in-progress&Digits=1".encode(),
        other_body=f"CallSid={TWILIO_CALL}&CallStatus=in-progress&Digits=2".encode(),
        unknown_body=f"CallSid={TWILIO_CALL}&CallbackSource=a&CallStatus=transferred".encode(),
        placed=HttpResponse(status=201, body=f'{{"sid":"{TWILIO_CALL}"}}'.encode()),
        signs_time=False,
        echoes=False,  # it counts what it sends, and wants nothing counted
    ),
    "telnyx": Sample(
        make=telnyx.make,
        sign=telnyx.sign,
        call=telnyx.CALL,
        genuine_body=telnyx.GENUINE_BODY,
        other_body=telnyx.OTHER_BODY,
        unknown_body=telnyx.UNKNOWN_BODY,
        placed=telnyx.PLACED,
        signs_time=True,
        echoes=False,  # likewise
        takes_commands=True,
    ),
    "plivo": plivo.build_sample(Sample),
}
