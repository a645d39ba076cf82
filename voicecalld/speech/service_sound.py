"""What a speech service may be asked to say, and whether what it answers is sound.

A wrong setting makes services answer with compressed sound, a file's header or an explanation in
JSON. Played as mu-law each of them is a loud noise in somebody's ear.
"""

import re
from collections.abc import Iterator
from typing import Final

from voicecalld.errors import HopelessServiceError
from voicecalld.speech.speakable import Piece, speakable_text, split_text

# Below the limits of all services (Deepgram has 2000, OpenAI 4096), and about a minute of speech:
# a longer text is asked for bit by bit, as it is listened to.
PIECE_CHARACTERS = 1000

# Two hours of speech, and a service bills every character.
MOST_CHARACTERS = 1 << 17

# Twelve times what a character usually takes, as figures and signs are said in several words.
CHARACTER_S = 1.0
PAUSES_S = 20.0

HEAD_BYTES = 16  # 2 ms of mu-law; enough to know all signs but those of MP3

# The beginnings of what is no bare sound. Each has a jump that no sound at its beginning has: a
# lone "{" would be a very soft sample of mu-law.
SIGNS: Final = (
    (re.compile(rb"RIFF"), "a WAV file"),
    (re.compile(rb"ID3"), "MP3"),
    (re.compile(rb"OggS"), "an Ogg file"),
    (re.compile(rb"fLaC"), "FLAC"),
    (re.compile(rb"\s*\[?\s*\{\s*\"\w"), "JSON"),
    (re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE), "a document"),
)

MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]{1,60}")
UNTOLD_TYPES: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})

# ISO 11172-3 and 13818-3, layer III: kbit/s by index, and Hz by version bits and index.
MP3_KBITS: Final = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
)
MP3_RATES_HZ: Final = {
    3: (44100, 48000, 32000, 0),
    2: (22050, 24000, 16000, 0),
    0: (11025, 12000, 8000, 0),
}


def sayable_pieces(text: str) -> Iterator[Piece]:
    """What of *text* there is to say, cut into what a service takes at once.

    Raises:
        HopelessServiceError: it is too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise HopelessServiceError(f"a text to be said exceeds {MOST_CHARACTERS} characters")
    for piece in split_text(text, PIECE_CHARACTERS):
        said = speakable_text(piece.text)
        if any(character.isalnum() for character in said):
            yield Piece(start=piece.start, text=said)


def longest_s(piece: Piece) -> float:
    """How long the sound of *piece* can be at most, however slow the voice."""
    return PAUSES_S + CHARACTER_S * len(piece.text)


def check_type(service: str, content_type: str) -> None:
    """Accept all kinds of sound: which one it is, services are not careful to say.

    Raises:
        HopelessServiceError: an answer of *content_type* is no sound.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in UNTOLD_TYPES or kind.startswith("audio/"):
        return
    named = kind if MEDIA_TYPE.fullmatch(kind) else "something unknown"
    raise HopelessServiceError(f"{service} answered with {named} instead of sound")


class SoundCheck:
    """Lets the sound of one answer through, and nothing else; *sample_bytes* is 2 for PCM16."""

    def __init__(self, service: str, *, most_bytes: float, sample_bytes: int = 1) -> None:
        self.service = service
        self.most_bytes = most_bytes
        self.sample_bytes = sample_bytes
        self.total_bytes = 0
        self.head = b""
        self.is_known = False

    def feed(self, piece: bytes) -> bytes:
        """Sound that can be played; a few bytes wait until it is clear what they begin.

        Raises:
            HopelessServiceError: this is no bare sound, or there is no end of it.
        """
        self.total_bytes += len(piece)
        if self.total_bytes > self.most_bytes:
            raise HopelessServiceError(f"{self.service} gave far more sound than the text has")
        if self.is_known:
            return piece
        self.head += piece
        if len(self.head) < max(HEAD_BYTES, mp3_frame_bytes(self.head) + 2):
            return b""
        return self.take_head()

    def end(self) -> bytes:
        """What was still waiting.

        Raises:
            HopelessServiceError: that was no sound, none at all, or half a sample too much.
        """
        if not self.total_bytes:
            raise HopelessServiceError(f"{self.service} gave no sound")
        if self.total_bytes % self.sample_bytes:
            raise HopelessServiceError(f"{self.service} ended in the middle of a sample")
        return b"" if self.is_known else self.take_head()

    def take_head(self) -> bytes:
        """The beginning, now that it can be judged."""
        head, self.head, self.is_known = self.head, b"", True
        found = next((name for sign, name in SIGNS if sign.match(head)), "")
        if found or is_mp3(head):
            raise HopelessServiceError(
                f"{self.service} gave {found or 'MP3'} instead of bare sound"
            )
        return head


def is_mp3(head: bytes) -> bool:
    """Whether *head* begins with a frame of MP3, and another one follows it.

    One alone does not tell: mu-law has the same bytes after silence.
    """
    length = mp3_frame_bytes(head)
    return length > 0 and head[length : length + 2] == head[:2]


def mp3_frame_bytes(head: bytes) -> int:
    """The length of the frame of MP3 that *head* begins with; 0 if it cannot be one."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # sync, layer III
        return 0
    version = head[1] >> 3 & 0x03
    if version not in MP3_RATES_HZ:
        return 0
    is_first = version == 3
    bits = MP3_KBITS[0 if is_first else 1][head[2] >> 4] * 1000
    rate_hz = MP3_RATES_HZ[version][head[2] >> 2 & 0x03]
    if not bits or not rate_hz:
        return 0
    return (144 if is_first else 72) * bits // rate_hz + (head[2] >> 1 & 0x01)
