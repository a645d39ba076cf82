"""What every carrier must do; each registered carrier has a sample here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

KEY = b"k" * 32
PROOF = "t"
SIGNED_UNIX_S = 1_700_000_000.0
ORDER = PlaceOrder(
    call_id=CallId("call-1"),
    to=PhoneNumber("+15550001"),
    from_=PhoneNumber("+15550002"),
    webhook_url="https://voice.example.com/voice/webhook",
    ring_timeout_s=30.0,
    max_duration_s=300.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How one carrier is made, and some of what it sends.

    *sign* makes a genuine webhook of a body, signed at `SIGNED_UNIX_S`. *echoes* says that the
    messages to the carrier have the shape of those from it.
    """

    make: Callable[[], Provider]
    sign: Callable[[bytes], Webhook]
    genuine_body: bytes
    unknown_body: bytes
    placed: HttpResponse
    echoes: bool


def sign_mock(body: bytes) -> Webhook:
    headers = sign(body, KEY, SIGNED_UNIX_S)
    return Webhook(method="POST", url=ORDER.webhook_url, headers=headers, body=body)


SAMPLES: Mapping[str, Sample] = {
    "mock": Sample(
        make=lambda: build_provider("mock", key=KEY),
        sign=sign_mock,
        genuine_body=(
            b'{"event":"answered","id":"1","call":"mock-1","callId":"call-1",'
            b'"direction":"outbound","from":"+15550002","to":"+15550001"}'
        ),
        unknown_body=b'{"event":"transferred"}',
        placed=HttpResponse(status=201, body=b'{"id":"mock-1"}'),
        echoes=True,
    ),
}

each_carrier = pytest.mark.parametrize("sample", SAMPLES.values(), ids=[*SAMPLES])


def test_every_registered_carrier_is_under_this_contract() -> None:
    assert SAMPLES.keys() == PROVIDERS.keys()


@pytest.mark.parametrize("name", [*PROVIDERS])
def test_a_carrier_has_the_name_it_is_registered_by(name: str) -> None:
    assert build_provider(name, key=KEY).name == name


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
    second = provider.verify(sample.sign(sample.genuine_body + b" "), SIGNED_UNIX_S)

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


@each_carrier
@pytest.mark.parametrize("age_s", [-301.0, 301.0])
def test_a_webhook_from_another_time_is_not_genuine(sample: Sample, age_s: float) -> None:
    webhook = sample.sign(sample.genuine_body)

    with pytest.raises(BadSignatureError):
        sample.make().verify(webhook, SIGNED_UNIX_S + age_s)


@each_carrier
def test_a_genuine_webhook_says_whose_call_it_is_about(sample: Sample) -> None:
    (report,) = sample.make().parse(sample.sign(sample.genuine_body))

    assert report.call_id == "call-1"
    assert report.provider_call_id == "mock-1"


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
    assert sample.make().rest.read_placed(sample.placed) == "mock-1"


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
def test_every_request_names_the_call_it_is_about(sample: Sample) -> None:
    rest = sample.make().rest
    call = ProviderCallId("mock-1")

    assert ORDER.to.encode() in rest.place(ORDER).body
    assert "mock-1" in rest.hang_up(call).url
    assert "mock-1" in rest.press(call, "12#").url
    assert b"12#" in rest.press(call, "12#").body


@each_carrier
@given(message=st.text())
def test_rubbish_on_a_stream_is_a_bad_message_or_unknown(sample: Sample, message: str) -> None:
    with pytest.raises(BadMessageError):
        sample.make().open_codec().decode(message)


@each_carrier
@given(frame=st.binary(min_size=FRAME_BYTES, max_size=FRAME_BYTES), mark=st.text())
def test_a_carrier_that_speaks_as_we_do_is_understood(
    sample: Sample, frame: bytes, mark: str
) -> None:
    codec = sample.make().open_codec()

    assert sample.echoes
    assert codec.decode(codec.encode_audio(frame)) == AudioReceived(audio=frame)
    assert codec.decode(codec.encode_mark(mark)) == MarkReturned(mark=mark)
