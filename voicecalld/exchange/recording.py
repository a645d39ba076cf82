"""A call as a stereo WAV file: the party on the left, what it heard on the right.

The file grows once a second and its header with it, so that it is whole even if the daemon is
killed; both sides of a frame are always written together, so that they stay in step.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import structlog
import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import MULAW_TO_PCM
from voicecalld.audio.wav import wav_header

log = structlog.get_logger()

CHUNK_BYTES = SAMPLE_RATE_HZ  # one second: a thread each 20 ms would cost more than the call
# A disk that has not taken a minute of sound will not take the rest either.
MAX_WAITING_BYTES = 60 * SAMPLE_RATE_HZ
CHANNELS = 2
CLOSE_S = 2.0


class StereoFile:
    """A growing WAV file of two mu-law channels; its methods block, so they belong in a thread."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._samples = 0
        self._file.write(wav_header(CHANNELS, SAMPLE_RATE_HZ, 0))

    def append(self, left: bytes, right: bytes) -> None:
        """Write equally much of both channels, and the header that counts them."""
        stereo = np.stack((np.frombuffer(left, np.uint8), np.frombuffer(right, np.uint8)), axis=1)
        self._file.seek(0, 2)
        self._file.write(MULAW_TO_PCM[stereo].tobytes())
        self._samples += len(left)
        self._file.seek(0)
        self._file.write(wav_header(CHANNELS, SAMPLE_RATE_HZ, self._samples))
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Recorder:
    """Takes a call's frames without waiting, and writes them as long as `run` runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = bytearray()
        self._right = bytearray()
        self._wake = trio.Event()
        self._closed = False

    def feed(self, party: bytes, heard: bytes) -> None:
        """Take one frame of each side."""
        if len(self._left) > MAX_WAITING_BYTES:
            return
        self._left += party
        self._right += heard
        if len(self._left) >= CHUNK_BYTES:
            self._wake.set()

    def close(self) -> None:
        """Nothing more will be fed: let `run` write what is left and return."""
        self._closed = True
        self._wake.set()

    async def run(self) -> None:
        """Write until closed; a file that cannot be written ends the recording, not the call."""
        try:
            file = await trio.to_thread.run_sync(StereoFile, self._path)
            try:
                await self._write_all(file)
            finally:
                # The second that was not written yet belongs to the call that is cut off.
                with trio.move_on_after(CLOSE_S, shield=True):
                    await trio.to_thread.run_sync(self._finish, file)
        except OSError as problem:
            log.warning("the recording is given up", path=str(self._path), problem=str(problem))

    async def _write_all(self, file: StereoFile) -> None:
        while not self._closed:
            await self._wake.wait()
            self._wake = trio.Event()
            left, right = self._take()
            await trio.to_thread.run_sync(file.append, left, right)

    def _finish(self, file: StereoFile) -> None:
        try:
            file.append(*self._take())
        finally:
            file.close()

    def _take(self) -> tuple[bytes, bytes]:
        taken = bytes(self._left), bytes(self._right)
        self._left.clear()
        self._right.clear()
        return taken
