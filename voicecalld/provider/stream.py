"""The messages of a media stream, as every carrier's ``media`` file reads and writes them."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from voicecalld.ids import ProviderCallId, StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """The first message of a media stream: whose audio this is, and the proof."""

    stream_id: StreamId
    provider_call_id: ProviderCallId
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioReceived:
    """Some of the other party's sound: mu-law at 8 kHz, usually one frame."""

    audio: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReturned:
    """Everything before this mark has been played, or was dropped by a clear."""

    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """The other party pressed one key of the telephone."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStopped:
    """The carrier will send nothing more on this stream."""


MediaEvent: TypeAlias = StreamOpened | AudioReceived | MarkReturned | KeyPressed | StreamStopped


class MediaCodec(Protocol):
    """The messages of one media stream; made anew for each stream."""

    @property
    def frames_per_message(self) -> int:
        """How many frames go into one message, when there are enough of them."""

    def decode(self, message: str) -> MediaEvent | None:
        """Read one message; None for one of a kind we do not know.

        Raises:
            BadMessageError: a message of a known kind is malformed.
        """

    def encode_audio(self, audio: bytes) -> str:
        """The message that plays *audio*: one or more whole frames (160 bytes of mu-law each)."""

    def encode_mark(self, mark: str) -> str:
        """The message that asks for *mark* back when all before it has been heard."""

    def encode_clear(self) -> str:
        """The message that drops what the carrier has not played yet."""

    def encode_opening(self) -> str:
        """What to send as soon as the stream has started; empty if the carrier needs nothing."""
