"""Words written into sound: whoever hears the sound can tell which words of it they have heard.

A frame of mu-law has 160 samples. Nobody hears their lowest bits, so there stands which word the
frame belongs to, and which part of it. Codecs, pumps and carriers hand mu-law on as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voicecalld.audio.frame import FRAME_BYTES, MULAW_SILENCE

MAGIC = b"\xd5\x2a\xc7"
HEAD_BYTES = len(MAGIC) + 2
LONGEST_WORD_BYTES = FRAME_BYTES // 8 - HEAD_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one frame says of the word that it belongs to."""

    word: str
    number: int
    pieces: int

    @property
    def is_last(self) -> bool:
        """Whether the word is whole with it."""
        return self.number == self.pieces - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardWord:
    """A word in some sound: its first frame, the one behind it, and whether all of it is there."""

    text: str
    began: int
    ended: int
    is_whole: bool


def imprint(sound: bytes, word: str) -> bytes:
    """*sound*, in whole frames, with *word* in every one of them."""
    data = word.encode()
    if len(data) > LONGEST_WORD_BYTES:
        raise ValueError(f"a word of more than {LONGEST_WORD_BYTES} bytes: {word}")
    whole = sound.ljust(-(-len(sound) // FRAME_BYTES) * FRAME_BYTES, MULAW_SILENCE)
    frames = np.frombuffer(whole, np.uint8).reshape(-1, FRAME_BYTES)
    heads = [MAGIC + bytes((number, len(frames))) + data for number in range(len(frames))]
    text = b"".join(head.ljust(FRAME_BYTES // 8, b"\0") for head in heads)
    bits = np.unpackbits(np.frombuffer(text, np.uint8)).reshape(-1, FRAME_BYTES)
    return ((frames & 0xFE) | bits).tobytes()


def read_pieces(sound: bytes) -> list[Piece | None]:
    """What each whole frame of *sound* says; None for one without a word."""
    whole = len(sound) - len(sound) % FRAME_BYTES
    frames = np.frombuffer(sound[:whole], np.uint8).reshape(-1, FRAME_BYTES)
    rows = np.packbits(frames & 1, axis=1)
    is_spoken = (rows[:, : len(MAGIC)] == np.frombuffer(MAGIC, np.uint8)).all(axis=1)
    return [
        read_row(row.tobytes()) if spoken else None
        for row, spoken in zip(rows, is_spoken, strict=True)
    ]


def read_row(row: bytes) -> Piece:
    """What stands behind the magic of a frame."""
    number, pieces = row[len(MAGIC) : HEAD_BYTES]
    return Piece(word=row[HEAD_BYTES:].rstrip(b"\0").decode(), number=number, pieces=pieces)


def read_words(sound: bytes) -> Iterator[HeardWord]:
    """The words of *sound* in order, those cut short among them."""
    pieces = read_pieces(sound)
    began = 0
    for place, piece in enumerate(pieces):
        if piece is None:
            continue
        if place == 0 or not follows(pieces[place - 1], piece):
            began = place
        after = pieces[place + 1] if place + 1 < len(pieces) else None
        if after is None or not follows(piece, after):
            is_whole = piece.is_last and place - began == piece.number
            yield HeardWord(text=piece.word, began=began, ended=place + 1, is_whole=is_whole)


def follows(piece: Piece | None, after: Piece) -> bool:
    """Whether *after* is the same word's next part."""
    return piece is not None and piece.word == after.word and after.number == piece.number + 1
