"""Deepgram's live protocol, version 1 (the Nova models), without the socket.

Only utterances are sent. Results say from when to when they are in the sound that was sent, so
one that comes late, twice or out of order still belongs to the utterance that it is of.

Source: Deepgram's API reference, "Live Audio", and its SDK.
"""

import json
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.errors import BadMessageError, ServiceError
from voicecalld.provider.json_text import read_text
from voicecalld.speech.dialogue import (
    MOST_CHARACTERS,
    NO_WORDS_S,
    WORDS_S,
    Message,
    brief,
    parse_number,
    parse_object,
)

KEEP_ALIVE: Final = json.dumps({"type": "KeepAlive"})
FINALIZE: Final = json.dumps({"type": "Finalize"})
CLOSE_STREAM: Final = json.dumps({"type": "CloseStream"})

# Times come rounded, and models work in steps of some hundredths of a second.
NEARLY_S: Final = 0.1
# Finalize is not always answered when the service had found the end of speech by itself.
HAD_ENDED_S: Final = 0.6
MOST_SEGMENTS: Final = 64
MOST_PIECES: Final = 500  # of one utterance; one comes every few seconds


@dataclass(slots=True, kw_only=True)
class Piece:
    """What a result says of some of the sound."""

    text: str
    end_s: float
    is_final: bool


@dataclass(slots=True, kw_only=True)
class Segment:
    """A stretch of the sent sound that is one utterance, or was to be."""

    start_s: float
    end_s: float | None = None
    key: int | None = None  # none: it goes on, or is not wanted
    pieces: dict[float, Piece] = field(default_factory=dict)
    has_paused: bool = False
    is_over: bool = False  # nobody wants its words any more

    def holds(self, middle_s: float) -> bool:
        """Whether a result around *middle_s* is of this one."""
        return self.start_s <= middle_s and (self.end_s is None or middle_s <= self.end_s)

    @property
    def is_complete(self) -> bool:
        """Whether there are final results of all its sound."""
        reached_s = self.start_s
        for start_s, piece in sorted(self.pieces.items()):
            if piece.is_final and start_s <= reached_s + NEARLY_S:
                reached_s = max(reached_s, piece.end_s)
        return self.end_s is not None and reached_s >= self.end_s - NEARLY_S

    @property
    def is_last_known(self) -> bool:
        """Whether there is nothing to come but, perhaps, what is missing in between."""
        ends_s = self.end_s or math.inf
        finals = (piece.end_s for piece in self.pieces.values() if piece.is_final)
        return self.has_paused or max(finals, default=0.0) >= ends_s - NEARLY_S

    def words(self, *, final: bool) -> str:
        """Its words in order, only the *final* ones or all."""
        texts: list[str] = []
        covered_s = -1.0
        for start_s, piece in sorted(self.pieces.items()):
            # What was said for the time being has been superseded where something final is.
            if piece.is_final or (not final and start_s >= covered_s):
                texts.append(piece.text)
                covered_s = piece.end_s
        return " ".join(text for text in texts if text)[:MOST_CHARACTERS]


class NovaDialogue:
    """One connection; see `voicecalld.speech.dialogue.Dialogue`."""

    hears_silence = False
    is_ready = True

    def __init__(self) -> None:
        self._sent_bytes = 0
        self._segments: deque[Segment] = deque([Segment(start_s=0.0)], maxlen=MOST_SEGMENTS)

    def open(self) -> Sequence[Message]:
        """Nothing: the URL has said it all."""
        return ()

    def sound(self, audio: bytes) -> Sequence[Message]:
        """More sound of an utterance; an empty message would end the stream."""
        self._sent_bytes += len(audio)
        return (audio,) if audio else ()

    def end(self, key: int) -> Sequence[Message]:
        """Ask for the words of what was sent."""
        self._segments[-1].key = key
        return self.drop()

    def drop(self) -> Sequence[Message]:
        """Have the service finish with what was sent, lest it be mixed with what follows."""
        now_s = self._sent_bytes / SAMPLE_RATE_HZ
        self._segments[-1].end_s = now_s
        self._segments.append(Segment(start_s=now_s))
        return (FINALIZE,)

    def keep_alive(self) -> Sequence[Message]:
        """Without sound the service waits for 10 s."""
        return (KEEP_ALIVE,)

    def goodbye(self) -> Sequence[Message]:
        """Have the service close, and stop counting what is to be paid."""
        return (CLOSE_STREAM,)

    def receive(self, message: Message) -> None:
        """Take what the service has sent (see `Dialogue`)."""
        fields = parse_object(message)
        match fields:
            case {"type": "Results", "channel": {"alternatives": [dict() as best, *_]}}:
                self._take_result(fields, read_text(best, "transcript").strip())
            case {"type": "Results"}:
                raise BadMessageError("malformed Results")
            case {"type": "Error"}:
                name = brief(fields.get("variant", fields.get("err_code")))
                raise ServiceError(f"the transcriber reports an error: {name}")
            case {"type": str()}:
                return
            case _:
                raise BadMessageError("a message without a type")

    def _take_result(self, fields: Mapping[object, object], text: str) -> None:
        start_s = parse_number(fields.get("start"), "start")
        end_s = start_s + parse_number(fields.get("duration"), "duration")
        middle_s = (start_s + end_s) / 2
        segment = next((one for one in self._segments if one.holds(middle_s)), None)
        if segment is None or segment.is_over:
            return
        before = segment.pieces.get(start_s)
        if before is not None and before.is_final:
            return  # it came already
        if before is not None or len(segment.pieces) < MOST_PIECES:
            is_final = fields.get("is_final") is True
            segment.pieces[start_s] = Piece(text=text, end_s=end_s, is_final=is_final)
        if text or fields.get("speech_final") is True:
            segment.has_paused = fields.get("speech_final") is True

    def guess(self) -> str:
        """The words of what is being said, as far as they are known."""
        return self._segments[-1].words(final=False)

    def text(self, key: int) -> str | None:
        """The words of an utterance, once all of its sound has final results."""
        segment = self._segment(key)
        return segment.words(final=True) if segment is not None and segment.is_complete else None

    def best(self, key: int) -> str:
        """Its words as far as they are known, final or not."""
        segment = self._segment(key)
        return segment.words(final=False) if segment is not None else ""

    def is_answered(self, key: int) -> bool:
        """Whether the service has heard its sound to the end, even if it does not say so again."""
        segment = self._segment(key)
        return segment is not None and segment.is_last_known

    def patience_s(self, key: int) -> float:
        """How long to wait for the rest."""
        if self.is_answered(key):
            return HAD_ENDED_S
        return WORDS_S if self.best(key) else NO_WORDS_S

    def forget(self, key: int) -> None:
        """What comes of it is dropped; its place in the sound stays taken."""
        segment = self._segment(key)
        if segment is not None:
            segment.key, segment.is_over = None, True
            segment.pieces.clear()

    def _segment(self, key: int) -> Segment | None:
        return next((one for one in self._segments if one.key == key), None)
