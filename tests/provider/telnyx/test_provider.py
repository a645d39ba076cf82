"""The whole of Telnyx from outside: what is put together in the carrier's class."""

import json

import pytest

from tests.provider.telnyx import sample
from tests.provider.telnyx.signing import SIGNED_UNIX_S, sign
from voicecalld.errors import BadMessageError, BadSignatureError, ConfigError
from voicecalld.ids import CallId
from voicecalld.provider.base import (
    Acknowledge,
    ConnectStream,
    HangUpCall,
    KeyHeard,
    NamedCall,
    Perform,
    Provider,
    RejectCall,
)
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.stream import StreamOpened
from voicecalld.provider.telnyx import TelnyxProvider

TOKEN_HEADER = "x-telnyx-streaming-auth-token"  # noqa: S105 - the name of a header
PROOF = "t"


def make() -> Provider:
    return sample.make()


def upgrade(headers: dict[str, str]) -> Webhook:
    url = "wss://voice.example.com/voice/stream/telnyx?token=query"
    return Webhook(method="GET", url=url, headers=headers, body=b"")


def start(token: str) -> str:
    inside = {
        "call_control_id": sample.CALL,
        "custom_parameters": {"token": token},
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    }
    return json.dumps({"event": "start", "stream_id": "5c0de7a1", "start": inside})


def test_a_genuine_webhook_is_proved_and_read() -> None:
    provider = make()
    genuine = sign(sample.GENUINE_BODY)

    key = provider.verify(genuine, SIGNED_UNIX_S)
    (report,) = provider.parse(genuine)

    assert key == "telnyx:event-1"
    assert (report.provider_call_id, report.call_id) == (sample.CALL, "call-1")
    assert report.progress == KeyHeard(digit="1")


def test_a_forged_webhook_is_refused_and_so_is_one_that_is_too_old() -> None:
    genuine = sign(sample.GENUINE_BODY)
    forged = Webhook(
        method="POST", url=genuine.url, headers=genuine.headers, body=sample.OTHER_BODY
    )

    with pytest.raises(BadSignatureError):
        make().verify(forged, SIGNED_UNIX_S)
    with pytest.raises(BadSignatureError):
        make().verify(genuine, SIGNED_UNIX_S + 301)


def test_rubbish_is_a_bad_message() -> None:
    with pytest.raises(BadMessageError):
        make().parse(sign(b"rubbish"))


@pytest.mark.parametrize("key", ["", "hunter2"])
def test_it_does_not_begin_without_a_public_key(key: str) -> None:
    with pytest.raises(ConfigError, match=r"telnyx\.public_key"):
        TelnyxProvider(
            api_key="KEY",
            public_key=key,
            connection_id="1",
            api_base_url="https://api.telnyx.com",
            language="en-US",
            voice="",
        )


def test_no_webhook_is_genuine_without_the_headers_that_are_named() -> None:
    provider = make()
    genuine = sign(sample.GENUINE_BODY)

    assert len(provider.signature_headers) == 2
    for missing in provider.signature_headers:
        headers = {name: value for name, value in genuine.headers.items() if name != missing}
        webhook = Webhook(method="POST", url=genuine.url, headers=headers, body=genuine.body)
        with pytest.raises(BadSignatureError):
            provider.verify(webhook, SIGNED_UNIX_S)


def test_every_answer_to_a_webhook_is_an_empty_one() -> None:
    answers = (
        ConnectStream(stream_url="wss://a.test/", token=PROOF),
        Perform(say="Hello."),
        RejectCall(),
        HangUpCall(),
        Acknowledge(),
    )

    assert {make().answer(answer) for answer in answers} == {Reply()}
    assert (Reply().status, Reply().body) == (200, b"")


def test_it_is_told_by_commands_in_its_own_voice() -> None:
    provider = make()
    call = NamedCall(call_id=CallId("call-1"), provider_call_id=sample.CALL)

    assert provider.name == "telnyx"
    assert provider.has_own_voice
    assert provider.commands is not None
    said = json.loads(provider.commands.say(call, "Hello.", "turn-1").body)
    assert (said["voice"], said["language"]) == ("Telnyx.KokoroTTS.af", "en-US")


def test_requests_go_to_the_base_url_with_the_key() -> None:
    request = make().rest.hang_up(sample.CALL)

    assert request.url.startswith("https://api.telnyx.com/v2/calls/v3%3A")
    assert request.headers["authorization"] == "Bearer KEY0123-hunter2"


def test_the_token_of_a_stream_is_in_the_header_and_never_in_the_query() -> None:
    provider = make()

    assert provider.find_token(upgrade({TOKEN_HEADER: PROOF})) == PROOF
    assert provider.find_token(upgrade({})) == ""


def test_a_stream_without_a_token_in_its_header_is_not_opened() -> None:
    provider = make()

    provider.check_upgrade(upgrade({TOKEN_HEADER: PROOF}))
    for headers in ({}, {TOKEN_HEADER: ""}):
        with pytest.raises(BadSignatureError, match="no token"):
            provider.check_upgrade(upgrade(headers))


def test_each_stream_has_a_codec_that_knows_the_token_of_its_header() -> None:
    provider = make()
    matching = provider.open_codec(upgrade({TOKEN_HEADER: PROOF}))
    other = provider.open_codec(upgrade({TOKEN_HEADER: "another"}))

    opened = matching.decode(start(PROOF))

    assert isinstance(opened, StreamOpened)
    assert opened.token == PROOF
    with pytest.raises(BadMessageError):
        other.decode(start(PROOF))
    assert provider.open_codec(None).decode(start(PROOF)) == opened
