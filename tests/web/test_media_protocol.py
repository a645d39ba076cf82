"""The handshake, as far as the carriers differ in it."""

import pytest

from tests.fakes.websocket_peer import UPGRADE, allow
from voicecalld.web.media_protocol import MediaProtocol


def answer_to(offered: str, wanted: str) -> str:
    protocol = MediaProtocol(lambda: 0.0, wanted)
    header = f"\r\nSec-WebSocket-Protocol: {offered}\r\n\r\n" if offered else "\r\n\r\n"

    protocol.shake_hands(UPGRADE.replace("\r\n\r\n", header).encode(), allow)

    assert protocol.is_open
    return b"".join(protocol.data_to_send()).decode()


@pytest.mark.parametrize("offered", ["audio.example.com", "chat, audio.example.com"])
def test_the_subprotocol_of_the_carrier_is_spoken_if_it_is_offered(offered: str) -> None:
    answer = answer_to(offered, "audio.example.com")

    assert "\r\nSec-WebSocket-Protocol: audio.example.com\r\n" in answer


@pytest.mark.parametrize("offered", ["", "chat", "AUDIO.example.com"])
def test_a_peer_that_does_not_offer_it_is_as_welcome(offered: str) -> None:
    assert "Sec-WebSocket-Protocol" not in answer_to(offered, "audio.example.com")
