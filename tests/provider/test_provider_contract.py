"""What every carrier must do; each registered carrier has a sample here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.errors import BadMessageError, BadSignatureError, CarrierError
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import (
    Acknowledge,
    AudioReceived,
    ConnectStream,
    MarkReturned,
    PlaceOrder,
    Provider,
    RejectCall,
)
from voicecalld.provider.catalog import PROVIDERS, build_provider
from voicecalld.provider.http import HttpResponse, Webhook
from voicecalld.provider.mock.signature import sign
from voicecalld.settings import Settings

KEY = b"k" * 32
PROOF = "t"
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
    the messages to the carrier have the shape of those from it.
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
}


def carriers(wanted: Callable[[Sample], bool] = lambda _sample: True) -> pytest.MarkDecorator:
    """Let a test be run for every carrier that is *wanted*."""
    chosen = {name: sample for name, sample in SAMPLES.items() if wanted(sample)}
    return pytest.mark.parametrize("sample", chosen.values(), ids=[*chosen])


each_carrier = carriers()


def test_every_registered_carrier_is_under_this_contract() -> None:
    assert SAMPLES.keys() == PROVIDERS.keys()


@pytest.mark.parametrize("name", [*PROVIDERS])
def test_a_carrier_has_the_name_it_is_registered_by(name: str) -> None:
    assert SAMPLES[name].make().name == name


@each_carrier
def test_a_genuine_webhook_has_the_same_replay_key_each_time(sample: Sample) -> None:
    provider = sample.make()
    webhook = sample.sign(sample.genuine_body)

    first = provider.verify(webhook, SIGNED_UNIX_S)
    second = provider.verify(webhook, SIGNED_UNIX_S + 1)

    assert first == second


@each_carrier
def test_different_webhooks_have_different_replay_keys(sample: Sample) -> None:
    provider = sample.make()

    first = provider.verify(sample.sign(sample.genuine_body), SIGNED_UNIX_S)
    second = provider.verify(sample.sign(sample.other_body), SIGNED_UNIX_S)

    assert first != second


@each_carrier
@given(index=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_webhook_with_any_byte_changed_is_not_genuine(
    sample: Sample, index: int, flip: int
) -> None:
    webhook = sample.sign(sample.genuine_body)
    body = bytearray(webhook.body)
    body[index % len(body)] ^= flip
    forged = Webhook(
        method=webhook.method, url=webhook.url, headers=webhook.headers, body=bytes(body)
    )

    with pytest.raises(BadSignatureError):
        sample.make().verify(forged, SIGNED_UNIX_S)


@each_carrier
@given(data=st.data())
def test_whatever_the_headers_are_only_a_bad_signature_is_complained_of(
    sample: Sample, data: st.DataObject
) -> None:
    genuine = sample.sign(sample.genuine_body)
    headers = {name: data.draw(st.text(), name) for name in genuine.headers}
    webhook = Webhook(method="POST", url=genuine.url, headers=headers, body=genuine.body)

    with pytest.raises(BadSignatureError):
        sample.make().verify(webhook, SIGNED_UNIX_S)


@each_carrier
def test_a_webhook_without_headers_is_not_genuine(sample: Sample) -> None:
    webhook = Webhook(method="POST", url=ORDER.webhook_url, headers={}, body=sample.genuine_body)

    with pytest.raises(BadSignatureError):
        sample.make().verify(webhook, SIGNED_UNIX_S)


@carriers(lambda sample: sample.signs_time)
@pytest.mark.parametrize("age_s", [-301.0, 301.0])
def test_a_webhook_from_another_time_is_not_genuine(sample: Sample, age_s: float) -> None:
    webhook = sample.sign(sample.genuine_body)

    with pytest.raises(BadSignatureError):
        sample.make().verify(webhook, SIGNED_UNIX_S + age_s)


@each_carrier
def test_a_genuine_webhook_says_whose_call_it_is_about(sample: Sample) -> None:
    (report,) = sample.make().parse(sample.sign(sample.genuine_body))

    assert report.call_id == "call-1"
    assert report.provider_call_id == sample.call


@each_carrier
def test_an_event_that_we_do_not_know_says_nothing(sample: Sample) -> None:
    assert sample.make().parse(sample.sign(sample.unknown_body)) == ()


@each_carrier
@given(body=st.binary())
def test_rubbish_in_a_webhook_is_a_bad_message_and_nothing_else(
    sample: Sample, body: bytes
) -> None:
    with pytest.raises(BadMessageError):
        sample.make().parse(sample.sign(body))


@each_carrier
def test_every_answer_has_a_document_of_its_own(sample: Sample) -> None:
    provider = sample.make()
    answers = (ConnectStream(stream_url="wss://a/b", token=PROOF), RejectCall(), Acknowledge())

    replies = [provider.answer(answer) for answer in answers]

    assert [reply.status for reply in replies] == [200, 200, 200]
    assert len({reply.body for reply in replies}) == 3


@each_carrier
def test_the_carriers_id_is_read_from_its_answer(sample: Sample) -> None:
    assert sample.make().rest.read_placed(sample.placed) == sample.call


@each_carrier
@given(status=st.integers(min_value=300, max_value=599), body=st.binary())
def test_a_refusal_is_a_carrier_error_that_tells_its_status(
    sample: Sample, status: int, body: bytes
) -> None:
    with pytest.raises(CarrierError, match=str(status)):
        sample.make().rest.read_placed(HttpResponse(status=status, body=body))


@each_carrier
@given(body=st.binary())
def test_rubbish_as_the_answer_to_a_placed_call_is_a_carrier_error(
    sample: Sample, body: bytes
) -> None:
    with pytest.raises(CarrierError):
        sample.make().rest.read_placed(HttpResponse(status=201, body=body))


@each_carrier
def test_a_call_that_is_gone_counts_as_hung_up(sample: Sample) -> None:
    rest = sample.make().rest

    assert rest.is_hung_up(HttpResponse(status=404))
    assert not rest.is_hung_up(HttpResponse(status=500))


@each_carrier
@given(status=st.integers(min_value=100, max_value=999), body=st.binary(max_size=20_000))
def test_any_answer_can_be_explained_in_words_that_a_log_can_bear(
    sample: Sample, status: int, body: bytes
) -> None:
    words = sample.make().rest.explain(HttpResponse(status=status, body=body))

    assert str(status) in words
    assert words.isprintable()
    assert len(words.encode()) <= 8192


@each_carrier
def test_an_explanation_has_no_secret_of_ours_in_it(sample: Sample) -> None:
    rest = sample.make().rest
    sent = rest.place(ORDER)
    secret = sent.headers.get("authorization", "").removeprefix("Basic ")
    body = f"you sent {secret!r}, not for you".encode()

    words = rest.explain(HttpResponse(status=401, body=body))

    assert "not for you" in words
    assert not secret or secret not in words


@each_carrier
def test_every_request_names_the_call_it_is_about(sample: Sample) -> None:
    rest = sample.make().rest
    place, hang_up = rest.place(ORDER), rest.hang_up(sample.call)
    changes = (rest.press(sample.call, "12#"), rest.redirect(sample.call, "https://a.example/"))

    assert ORDER.to in unquote(place.body.decode())
    assert sample.call in hang_up.url
    assert all(sample.call in change.url for change in changes if change is not None)


@each_carrier
def test_only_what_may_be_done_twice_is_sent_twice(sample: Sample) -> None:
    rest = sample.make().rest

    assert not rest.place(ORDER).is_repeatable
    assert rest.hang_up(sample.call).is_repeatable


@each_carrier
def test_no_webhook_is_genuine_without_the_headers_that_the_carrier_names(sample: Sample) -> None:
    provider = sample.make()
    genuine = sample.sign(sample.genuine_body)

    assert provider.signature_headers
    for missing in provider.signature_headers:
        headers = {name: value for name, value in genuine.headers.items() if name != missing}
        assert headers.keys() < genuine.headers.keys()
        with pytest.raises(BadSignatureError):
            provider.verify(replace(genuine, headers=headers), SIGNED_UNIX_S)


@each_carrier
@given(message=st.text())
def test_rubbish_on_a_stream_is_a_bad_message_or_unknown(sample: Sample, message: str) -> None:
    with pytest.raises(BadMessageError):
        sample.make().open_codec().decode(message)


@carriers(lambda sample: sample.echoes)
@given(frame=st.binary(min_size=FRAME_BYTES, max_size=FRAME_BYTES), mark=st.text())
def test_a_carrier_that_speaks_as_we_do_is_understood(
    sample: Sample, frame: bytes, mark: str
) -> None:
    codec = sample.make().open_codec()

    assert codec.decode(codec.encode_audio(frame)) == AudioReceived(audio=frame)
    assert codec.decode(codec.encode_mark(mark)) == MarkReturned(mark=mark)
