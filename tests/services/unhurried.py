"""More time for services on real sockets, where there is no virtual time."""

import pytest

from voicecalld.net import websocket_client
from voicecalld.speech import (
    deepgram_flux,
    deepgram_nova,
    elevenlabs_socket,
    live,
    openai_realtime,
)

# However busy the machine is: who hangs is stopped sooner by the test itself.
LONG_S = 120.0


def be_unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have speech services wait for what they are sure to get until it comes."""
    for module in (deepgram_nova, deepgram_flux, openai_realtime):
        monkeypatch.setattr(module, "WORDS_S", LONG_S)
        monkeypatch.setattr(module, "NO_WORDS_S", LONG_S)
    monkeypatch.setattr(deepgram_nova, "HAD_ENDED_S", LONG_S)
    monkeypatch.setattr(live, "LONGEST_WAIT_S", LONG_S)
    monkeypatch.setattr(elevenlabs_socket, "SUSPICIOUS_S", LONG_S)
    monkeypatch.setattr(elevenlabs_socket, "STOP_S", LONG_S)
    monkeypatch.setattr(websocket_client, "HASTY_SEND_S", LONG_S)
