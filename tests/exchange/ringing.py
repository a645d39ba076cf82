"""A telephone of the exchange that calls, and its recording."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.fakes.daemon import CALLED, CALLER, FakeDaemon, open_exchange
from voicecalld.audio.tones import beep
from voicecalld.exchange.exchange import RingOrder, RingResult
from voicecalld.phone_settings import PhoneScript, Step

SECOND = beep(300, 1000)
# The line of an inbound call is connected at 0 s and ticks at 0, 0.02, 0.04 ...
TICK_S = 0.02


async def ring(
    daemon: FakeDaemon, script: PhoneScript, *, record: Path | None = None
) -> RingResult:
    order = RingOrder(from_=CALLER, to=CALLED, script=script, record=record)
    async with open_exchange(daemon) as exchange:
        return await exchange.ring(order)


def lasting(ms: int, *steps: Step) -> PhoneScript:
    return PhoneScript(steps=steps, hangs_up_after_ms=ms, hang_up_when_done=False)


def read_stereo(path: Path) -> npt.NDArray[np.int16]:
    """The samples of a recording, one row for each moment: the party, what it heard."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[40:44], "little") == len(data) - 44
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    return np.frombuffer(data[44:], "<i2").reshape(-1, 2)
