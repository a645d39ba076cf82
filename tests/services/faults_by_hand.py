"""What a simulated service can be told to do wrong when it is started by hand, by name.

They are the faults that the tests use; each is done at every request.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from tests.carriers.faults import Answering
from tests.services import openai_chat, openai_transcriptions
from tests.services.live_server import Faults as LiveFaults
from tests.services.speech_faults import MP3, Faults, When

Spoil = Callable[[Any], None]
"""Has a server that was opened do something wrong."""

OFTEN: Final = 10_000  # a list of answers has an end

SOUND: Final[Mapping[str, Faults]] = {
    "stall": Faults(stall=When.AT_ONCE),
    "stall-within": Faults(stall=When.IN_THE_MIDDLE),
    "reset": Faults(reset=When.AT_ONCE),
    "reset-within": Faults(reset=When.IN_THE_MIDDLE),
    "slow": Faults(delay_s=3.0),
    "silent": Faults(body=b""),
    "endless": Faults(is_endless=True),
}


def with_faults(faults: Faults) -> Spoil:
    """Has a voice be as bad as *faults*."""

    def spoil(server: Any) -> None:
        server.faults = faults

    return spoil


def with_switches(**switches: object) -> Spoil:
    """Turns on *switches* of a transcriber with a WebSocket."""

    def spoil(server: Any) -> None:
        assert isinstance(server.faults, LiveFaults)
        for name, value in switches.items():
            setattr(server.faults, name, value)

    return spoil


def refusing_sockets(server: Any) -> None:
    """Has the WebSocket of a voice refuse everybody."""
    server.refuses = 401


def with_answers(how: Answering, status: int = 200) -> Spoil:
    """Has a transcriber over HTTP answer *how* with *status*."""

    def spoil(server: openai_transcriptions.SimulatedTranscriptions) -> None:
        answer = openai_transcriptions.answered(status, b'{"text": "hello"}', how)
        server.answers = (answer,) * OFTEN

    return spoil


def with_chat(**changes: Any) -> Spoil:
    """Has an agent answer with *changes*."""

    def spoil(server: openai_chat.ChatServer) -> None:
        server.answer = lambda asked: replace(openai_chat.converse(asked), **changes)

    return spoil


SOCKET_VOICE: Final[Mapping[str, Spoil]] = {
    "refused": refusing_sockets,
    **{name: with_faults(faults) for name, faults in SOUND.items()},
}
HTTP_VOICE: Final[Mapping[str, Spoil]] = {
    "refused": with_faults(Faults(status=401, body=b"{}")),
    "too-many": with_faults(Faults(status=429, body=b"{}")),
    "unavailable": with_faults(Faults(status=503, body=b"{}")),
    **{name: with_faults(faults) for name, faults in SOUND.items()},
    "cut": with_faults(Faults(cut=When.AT_ONCE)),
    "cut-within": with_faults(Faults(cut=When.IN_THE_MIDDLE)),
    "mp3": with_faults(Faults(content_type="audio/mpeg", body=MP3)),
}
LIVE_TRANSCRIBER: Final[Mapping[str, Spoil]] = {
    "refused": with_switches(statuses=(401,) * OFTEN),
    "too-many": with_switches(statuses=(429,) * OFTEN),
    "unavailable": with_switches(statuses=(503,) * OFTEN),
    "reset": with_switches(cuts=OFTEN),
    "silent": with_switches(silent=True),
    "slow": with_switches(delay_s=3.0),
    "not-ready": with_switches(not_ready=True),
    "garbage": with_switches(garbage=True),
    "doubled": with_switches(doubled=True),
    "swapped": with_switches(swapped=True),
}
HTTP_TRANSCRIBER: Final[Mapping[str, Spoil]] = {
    "refused": with_answers(Answering.WELL, 401),
    "too-many": with_answers(Answering.WELL, 429),
    "unavailable": with_answers(Answering.WELL, 503),
    "reset": with_answers(Answering.RESET),
    "silent": with_answers(Answering.SILENCE),
    "cut": with_answers(Answering.CUT),
    "broken-json": with_answers(Answering.BROKEN_JSON),
}
AGENT: Final[Mapping[str, Spoil]] = {
    "refused": with_chat(status=401),
    "too-many": with_chat(status=429),
    "unavailable": with_chat(status=503),
    **{
        fault.name.lower().replace("_", "-"): with_chat(fault=fault)
        for fault in openai_chat.Fault
        if fault is not openai_chat.Fault.NONE
    },
}
