"""What every carrier must do; each registered carrier has a sample here."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.samples import ORDER, SAMPLES, SIGNED_UNIX_S, Sample
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.errors import BadMessageError, BadSignatureError, CarrierError
from voicecalld.provider.base import Acknowledge, ConnectStream, RejectCall
from voicecalld.provider.catalog import PROVIDERS
from voicecalld.provider.http import HttpResponse, Webhook
from voicecalld.provider.stream import AudioReceived, MarkReturned

PROOF = "t"


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


@carriers(lambda sample: not sample.takes_commands)
def test_every_answer_has_a_document_of_its_own(sample: Sample) -> None:
    provider = sample.make()
    answers = (ConnectStream(stream_url="wss://a/b", token=PROOF), RejectCall(), Acknowledge())

    replies = [provider.answer(answer) for answer in answers]

    assert [reply.status for reply in replies] == [200, 200, 200]
    assert len({reply.body for reply in replies}) == 3


@carriers(lambda sample: sample.takes_commands)
def test_a_carrier_that_takes_commands_is_answered_with_nothing(sample: Sample) -> None:
    provider = sample.make()
    answers = (ConnectStream(stream_url="wss://a/b", token=PROOF), RejectCall(), Acknowledge())

    replies = [provider.answer(answer) for answer in answers]

    assert [(reply.status, reply.body) for reply in replies] == [(200, b"")] * 3


@each_carrier
def test_a_carrier_takes_commands_or_reads_documents(sample: Sample) -> None:
    assert (sample.make().commands is not None) == sample.takes_commands


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
    secret = sent.headers.get("authorization", "").partition(" ")[2]
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
    assert sample.call in unquote(hang_up.url)
    assert all(sample.call in unquote(change.url) for change in changes if change is not None)


@each_carrier
def test_only_what_may_be_done_twice_is_sent_twice(sample: Sample) -> None:
    rest = sample.make().rest

    assert rest.place(ORDER).is_repeatable == sample.takes_commands
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
        sample.make().open_codec(None).decode(message)


@carriers(lambda sample: sample.echoes)
@given(frame=st.binary(min_size=FRAME_BYTES, max_size=FRAME_BYTES), mark=st.text())
def test_a_carrier_that_speaks_as_we_do_is_understood(
    sample: Sample, frame: bytes, mark: str
) -> None:
    codec = sample.make().open_codec(None)

    assert codec.decode(codec.encode_audio(frame)) == AudioReceived(audio=frame)
    assert codec.decode(codec.encode_mark(mark)) == MarkReturned(mark=mark)
