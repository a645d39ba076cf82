"""Deepgram's live protocol, version 2 (the Flux models), without the socket.

Flux is sent all sound and finds the ends of turns by itself. Ours are other than its: we take
what was said in its turns since our last utterance. What it says of one turn only grows, so of a
turn that we have taken something of, the first words have been taken.

Source: Deepgram's API reference, "Turn-based audio", and its SDK.
"""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from voicecalld.audio.frame import MULAW_SILENCE, SAMPLE_RATE_HZ
from voicecalld.errors import BadMessageError, ServiceError
from voicecalld.provider.json_text import read_text
from voicecalld.speech.dialogue import (
    MOST_CHARACTERS,
    Message,
    brief,
    parse_number,
    parse_object,
)

CLOSE_STREAM: Final = json.dumps({"type": "CloseStream"})
CHUNK_BYTES: Final = 80 * SAMPLE_RATE_HZ // 1000  # 80 ms, what the vendor advises
TURN_EVENTS: Final = frozenset(
    {"Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"}
)
# A turn ends about 0.3 s after the last word, hence mostly before our utterance does.
WORDS_S: Final = 1.0
NO_WORDS_S: Final = 1.5
MOST_WORDS: Final = 4000  # of one turn


@dataclass(slots=True, kw_only=True)
class Turn:
    """One turn as Flux sees it."""

    index: int
    words: list[str] = field(default_factory=list)
    taken_words: int = 0
    is_over: bool = False
    end_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Stretch:
    """Sound from after the one before up to *end_s*: an utterance of ours, or not wanted."""

    key: int | None
    end_s: float


class FluxDialogue:
    """One connection; see `voicecalld.speech.dialogue.Dialogue`."""

    hears_silence = True

    def __init__(self) -> None:
        self.is_ready = False
        self._unsent = bytearray()
        self._sent_bytes = 0
        self._turn = Turn(index=-1)
        self._words: list[str] = []  # of turns before, that nobody has taken
        self._sequence = -1.0
        self._stretches: deque[Stretch] = deque()
        self._texts: dict[int, str] = {}

    def open(self) -> Sequence[Message]:
        """Nothing: the URL has said it all."""
        return ()

    def sound(self, audio: bytes) -> Sequence[Message]:
        """All sound, in pieces of the advised length."""
        self._unsent += audio
        if len(self._unsent) < CHUNK_BYTES:
            return ()
        return self._flush()

    def end(self, key: int) -> Sequence[Message]:
        """An utterance of ours is over."""
        return self._end(key)

    def drop(self) -> Sequence[Message]:
        """The words since the last are nobody's."""
        return self._end(None)

    def _end(self, key: int | None) -> Sequence[Message]:
        messages = self._flush()
        self._stretches.append(Stretch(key=key, end_s=self._sent_bytes / SAMPLE_RATE_HZ))
        if self._turn.is_over and self._known_words():
            self._settle()
        return messages

    def _flush(self) -> Sequence[Message]:
        audio = bytes(self._unsent)
        self._unsent.clear()
        self._sent_bytes += len(audio)
        return (audio,) if audio else ()

    def keep_alive(self) -> Sequence[Message]:
        """This version has no message for it, so it hears silence."""
        return self.sound(MULAW_SILENCE * CHUNK_BYTES)

    def goodbye(self) -> Sequence[Message]:
        """Have the service close, and stop counting what is to be paid."""
        return (CLOSE_STREAM,)

    def receive(self, message: Message) -> None:
        """Take what the service has sent (see `Dialogue`)."""
        match fields := parse_object(message):
            case {"type": "Connected"}:
                self.is_ready = True
            case {"type": "TurnInfo", "event": str(event)} if event in TURN_EVENTS:
                index = int(parse_number(fields.get("turn_index"), "turn_index"))
                end_s = parse_number(fields.get("audio_window_end"), "audio_window_end")
                sequence = parse_number(fields.get("sequence_id", 0), "sequence_id")
                words = read_text(fields, "transcript").split()[:MOST_WORDS]
                if self._is_news(index, sequence if "sequence_id" in fields else None):
                    self._take_turn(event, index, words, end_s)
            case {"type": "TurnInfo"}:
                raise BadMessageError("malformed TurnInfo")
            case {"type": "Error"}:
                name = brief(fields.get("code"))
                raise ServiceError(f"the transcriber reports an error: {name}")
            case {"type": str()}:
                return
            case _:
                raise BadMessageError("a message without a type")

    def _is_news(self, index: int, sequence: float | None) -> bool:
        """Whether a message is neither late nor doubled."""
        if sequence is not None:
            if sequence <= self._sequence:
                return False
            self._sequence = sequence
        return index >= self._turn.index

    def _take_turn(self, event: str, index: int, words: list[str], end_s: float) -> None:
        if index > self._turn.index:
            self._words = [*self._words, *self._turn.words[self._turn.taken_words :]]
            del self._words[:-MOST_WORDS]
            self._turn = Turn(index=index)
        # The beginning of a turn need not repeat its words.
        if words or event == "EndOfTurn":
            self._turn.words = words
        self._turn.is_over = event in {"EndOfTurn", "EagerEndOfTurn"}
        # Of a turn that begins, the words so far are only those that it was known by.
        if event != "StartOfTurn":
            self._turn.end_s = max(self._turn.end_s, end_s)
        while self._stretches and self._is_known():
            self._settle()

    def _is_known(self) -> bool:
        """Whether the words of the oldest stretch are all there."""
        if self._turn.end_s >= self._stretches[0].end_s:
            return True
        return self._turn.is_over and bool(self._known_words())

    def _known_words(self) -> list[str]:
        return [*self._words, *self._turn.words[self._turn.taken_words :]]

    def _settle(self) -> None:
        """Give what is known to the oldest stretch."""
        stretch = self._stretches.popleft()
        text = " ".join(self._known_words())[:MOST_CHARACTERS]
        self._words.clear()
        self._turn.taken_words = max(self._turn.taken_words, len(self._turn.words))
        if stretch.key is not None:
            self._texts[stretch.key] = text

    def guess(self) -> str:
        """The words of what is being said; none while those of what was said before may come."""
        return "" if self._stretches else " ".join(self._known_words())

    def text(self, key: int) -> str | None:
        """The words of an utterance, once Flux has heard all of it or ended a turn."""
        return self._texts.get(key)

    def best(self, key: int) -> str:
        """Its words as far as they are known; of those that wait, only the oldest has any."""
        if key in self._texts:
            return self._texts[key]
        oldest = next((one.key for one in self._stretches if one.key is not None), None)
        return " ".join(self._known_words()) if oldest == key else ""

    def is_answered(self, key: int) -> bool:
        """Whether Flux has heard all of it: it tells several times a second how far it is."""
        return key in self._texts

    def patience_s(self, key: int) -> float:
        """How long to wait for the rest."""
        return WORDS_S if self.best(key) else NO_WORDS_S

    def forget(self, key: int) -> None:
        """Its words have been taken; those that waited before it are not asked for any more."""
        while any(one.key == key for one in self._stretches):
            self._settle()
        self._texts.pop(key, None)
