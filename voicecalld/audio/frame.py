"""The frame: 20 ms of mu-law at 8 kHz, the unit in which sound crosses the carrier."""

SAMPLE_RATE_HZ = 8000
FRAME_MS = 20  # one RTP packet of telephony, hence one media-stream message
FRAME_BYTES = SAMPLE_RATE_HZ * FRAME_MS // 1000
MULAW_SILENCE = b"\xff"  # positive zero, ITU-T G.711 table 2a
SILENT_FRAME = MULAW_SILENCE * FRAME_BYTES


def duration_s(n_bytes: int) -> float:
    """How long *n_bytes* of mu-law last, in seconds."""
    return n_bytes / SAMPLE_RATE_HZ


class Framer:
    """Cuts a mu-law byte stream into whole frames, whatever pieces it arrives in."""

    def __init__(self, frame_bytes: int = FRAME_BYTES) -> None:
        self._frame_bytes = frame_bytes
        self._pending = bytearray()

    def feed(self, mulaw: bytes) -> list[bytes]:
        """The frames that *mulaw* completes, in order; what is left over waits."""
        self._pending += mulaw
        whole = len(self._pending) - len(self._pending) % self._frame_bytes
        frames = [
            bytes(self._pending[start : start + self._frame_bytes])
            for start in range(0, whole, self._frame_bytes)
        ]
        del self._pending[:whole]
        return frames

    def flush(self) -> list[bytes]:
        """The unfinished frame filled up with silence, or nothing; the framer is then empty."""
        if not self._pending:
            return []
        last = bytes(self._pending).ljust(self._frame_bytes, MULAW_SILENCE)
        self._pending.clear()
        return [last]
