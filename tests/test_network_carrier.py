"""Twilio's way in, on real sockets: who may open a media stream, and what he may then send."""

import pytest
import trio

from tests.fakes.websocket_peer import TEXT, frame
from tests.security.carriers import PUBLIC_URL, STREAM_URL
from tests.security.mock import MOCK
from tests.security.site import open_site
from tests.security.stream_attacks import texts
from tests.security.twilio import TWILIO
from tests.test_settings_rules_accounts import ACCOUNTS
from tests.web.hostile import ask, eventually, status_of
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.net.message_stream import POLICY_VIOLATION
from voicecalld.network_carrier import find_warnings, peer_of
from voicecalld.settings import Settings
from voicecalld.switchboard.stream_talk import StreamTalk
from voicecalld.web.allowance import STRANGER_BYTES, STRANGER_FRAMES


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "A" * 27 + "="},
        TWILIO.sign_upgrade(PUBLIC_URL, "0" * 32),
    ],
)
async def test_a_stream_of_twilios_that_does_not_prove_to_be_so_is_forbidden(
    proof: dict[str, str],
) -> None:
    async with open_site(TWILIO) as site:
        token = await site.take_call()
        before = site.trace()
        start = texts(*TWILIO.start(TWILIO.call(1), token))

        answer = await ask(site.address, site.upgrade(proof=proof).encode() + start)

        assert status_of(answer) == 403
        assert site.trace() == before
    told = [entry for entry in site.logged if entry["event"] == "stream refused"]
    assert [(entry["count"], entry["peer"]) for entry in told] == [(1, "127.0.0.1")]
    assert "webhook" not in told[0]["reason"]


async def test_a_carrier_that_signs_no_streams_opens_them_without() -> None:
    async with open_site(MOCK) as site, site.connect_stream() as peer:
        head = await peer.open(site.upgrade(proof={}))

    assert head.startswith("HTTP/1.1 101 ")


async def test_the_url_that_is_signed_is_the_one_that_the_carrier_was_told() -> None:
    async with open_site(TWILIO) as site:
        assert site.network.links_for("twilio").stream_url == STREAM_URL


TWILIO_ON_HTTPS = {
    "provider": "twilio",
    "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "secret"},
    "from_number": "+13105550142",
    "public_url": "https://calls.example.test/voice/webhook",
}
ON_HTTP = {"public_url": "http://127.0.0.1:3334/voice/webhook"}
WITHOUT_STREAMS = {"streaming": {"enabled": False}}
WITHOUT_PROOF = {"public_url": "", "skip_signature_verification": True}
BEHIND_PROXY = {
    "public_url": "",
    "webhook_security": {
        "trusted_proxy_ips": ["127.0.0.1"],
        "allowed_hosts": ["calls.example.test"],
    },
}
NO_STREAM = "public_url does not begin with https"
NO_PROOF = "skip_signature_verification is on"
UNUSED = 'provider is "mock"'


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        (BEHIND_PROXY, []),
        (ON_HTTP, [NO_STREAM]),
        (ON_HTTP | WITHOUT_STREAMS, []),
        (WITHOUT_PROOF, [NO_PROOF, NO_STREAM]),
        (WITHOUT_PROOF | WITHOUT_STREAMS, [NO_PROOF]),
        (ON_HTTP | {"provider": "mock"}, [UNUSED]),
        (ON_HTTP | {"provider": "mock", "twilio": {"auth_token": "hunter2"}}, []),
    ],
)
def test_the_operator_is_warned_of_what_he_should_not_rely_on(
    changes: dict[str, object], expected: list[str]
) -> None:
    settings = Settings.model_validate(TWILIO_ON_HTTPS | changes)

    warnings = [*find_warnings(settings)]

    assert [warning.partition(":")[0] for warning in warnings] == expected


@pytest.mark.parametrize(
    ("carriers", "told"),
    [
        (["plivo"], 'the account at plivo is not used; set provider = "plivo"'),
        (
            ["twilio", "telnyx"],
            'the account at twilio and telnyx is not used; set provider = "twilio" or "telnyx"',
        ),
    ],
)
def test_who_has_an_account_that_is_not_used_is_told_how_to_use_it(
    carriers: list[str], told: str
) -> None:
    settings = Settings.model_validate({name: ACCOUNTS[name] for name in carriers})

    assert [*find_warnings(settings)] == [f'provider is "mock": {told}']


async def test_a_stream_whose_call_is_known_may_send_more_than_a_stranger() -> None:
    count = 3 * STRANGER_FRAMES
    sound = frame(TEXT, TWILIO.media.encode())
    assert count * len(sound) > STRANGER_BYTES
    async with open_site(TWILIO) as site:
        token = await site.take_call()
        async with site.open_stream() as peer:
            await peer.send(texts(*TWILIO.start(TWILIO.call(1), token)))
            call = site.switchboard.find(TWILIO.call(1))
            assert call is not None
            await eventually(lambda: call.machine.is_connected)

            await peer.send(sound * count)

            assert isinstance(call.talk, StreamTalk)
            pump = call.talk.pump
            await eventually(lambda: pump.fed_bytes == count * FRAME_BYTES)


async def test_a_stream_whose_call_is_not_known_may_not() -> None:
    hello = '{"event":"connected","protocol":"Call","version":"1.0.0"}'
    async with open_site(TWILIO) as site, site.open_stream() as peer:
        await peer.send(texts(*[hello] * 2 * STRANGER_FRAMES))
        frames = await peer.read_frames()

    assert [received.code for received in frames] == [POLICY_VIOLATION]


async def test_a_peer_that_has_gone_has_no_address() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        client = await trio.open_tcp_stream(*listener.socket.getsockname()[:2])
        server = await listener.accept()
    addresses = [peer_of(server)]
    async with client:
        server.socket.close()
        addresses.append(peer_of(server))

    assert addresses == ["127.0.0.1", ""]
