"""What the daemon has sent and the carrier has not played yet: sound, and marks in it."""

from collections import deque

from voicecalld.audio.frame import FRAME_BYTES, MULAW_SILENCE


class PlayBuffer:
    """Plays one frame a tick; a mark is due when all sound before it has been played.

    A frame that `play` gives out is being heard until the next `play`, so a mark behind it is
    due then and not before.
    """

    def __init__(self) -> None:
        self._sound = bytearray()
        self._marks: deque[tuple[str, int]] = deque()  # with the bytes of sound before each
        self._received_bytes = 0
        self._heard_bytes = 0
        self._playing_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """How much sound has not begun to be played."""
        return len(self._sound)

    def add_sound(self, audio: bytes) -> None:
        """Take mu-law of any length."""
        self._sound += audio
        self._received_bytes += len(audio)

    def add_mark(self, mark: str) -> tuple[str, ...]:
        """Take a mark; it is due at once if nothing is left to be heard before it."""
        self._marks.append((mark, self._received_bytes))
        return self._take_due_marks()

    def clear(self) -> tuple[str, ...]:
        """Drop the sound that has not begun to be played; all marks are due."""
        marks = tuple(mark for mark, _ in self._marks)
        self._marks.clear()
        self._received_bytes -= len(self._sound)
        self._sound.clear()
        return marks

    def play(self) -> tuple[bytes | None, tuple[str, ...]]:
        """The next frame, None if there is no sound, and the marks due before it."""
        self._heard_bytes += self._playing_bytes
        self._playing_bytes = min(FRAME_BYTES, len(self._sound))
        marks = self._take_due_marks() if self._marks else ()
        if not self._sound:
            return None, marks
        frame = bytes(self._sound[:FRAME_BYTES])
        del self._sound[:FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, MULAW_SILENCE), marks

    def _take_due_marks(self) -> tuple[str, ...]:
        due = []
        while self._marks and self._marks[0][1] <= self._heard_bytes:
            due.append(self._marks.popleft()[0])
        return tuple(due)
