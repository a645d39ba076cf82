"""What every carrier must be able to translate.

A carrier is five files of the same names: ``signature`` (is it really them?), ``webhook`` (their
fields to our reports), ``answer`` (the document that a webhook is answered with), ``rest`` (place,
hang up, press keys) and ``media`` (their stream messages to frames and events). The class in the
carrier's ``__init__`` puts them together as a `Provider`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from voicecalld.call.events import LegEvent
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId, StreamId
from voicecalld.provider.http import HttpRequest, HttpResponse, Reply, Webhook


class Direction(StrEnum):
    """Who placed the call, as we see it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """A call to be placed."""

    call_id: CallId
    to: PhoneNumber
    from_: PhoneNumber
    webhook_url: str
    ring_timeout_s: float
    max_duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierReport:
    """One thing that a carrier says has happened to a call.

    ``call_id`` is what we told the carrier when we placed the call; a call that somebody else
    placed has none. ``from_`` and ``to`` are as the carrier wrote them: a withheld number is not
    E.164.
    """

    provider_call_id: ProviderCallId
    event: LegEvent
    call_id: CallId | None = None
    direction: Direction | None = None
    from_: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectStream:
    """Answer: connect the call's audio to our media stream."""

    stream_url: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectCall:
    """Answer: do not take this call, before it costs anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Answer: understood, nothing to do."""


Answer: TypeAlias = ConnectStream | RejectCall | Acknowledge


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

    def decode(self, message: str) -> MediaEvent | None:
        """Read one message; None for one of a kind we do not know.

        Raises:
            BadMessageError: a message of a known kind is malformed.
        """

    def encode_audio(self, frame: bytes) -> str:
        """The message that plays one frame (160 bytes of mu-law)."""

    def encode_mark(self, mark: str) -> str:
        """The message that asks for *mark* back when all before it has been heard."""

    def encode_clear(self) -> str:
        """The message that drops what the carrier has not played yet."""


class RestApi(Protocol):
    """What we can ask of a carrier, as requests that somebody else sends."""

    def place(self, order: PlaceOrder) -> HttpRequest:
        """The request that places a call."""

    def read_placed(self, response: HttpResponse) -> ProviderCallId:
        """The carrier's id in the answer to `place`.

        Raises:
            CarrierError: it refused, or its answer makes no sense.
        """

    def hang_up(self, call: ProviderCallId) -> HttpRequest:
        """The request that ends a call; harmless if it is over."""

    def is_hung_up(self, response: HttpResponse) -> bool:
        """Whether the answer to `hang_up` means that the call is over."""

    def press(self, call: ProviderCallId, digits: str) -> HttpRequest:
        """The request that presses keys towards the other party."""


class Provider(Protocol):
    """One carrier."""

    @property
    def name(self) -> str:
        """The carrier's name in settings, URLs and records."""

    @property
    def rest(self) -> RestApi:
        """What we can ask of it."""

    def verify(self, webhook: Webhook, unix_s: float) -> str:
        """The replay key of a genuine webhook, made of signed material only.

        Raises:
            BadSignatureError: it is not genuine, or too old.
        """

    def parse(self, webhook: Webhook) -> tuple[CarrierReport, ...]:
        """What a genuine webhook says; nothing for kinds of event we do not know.

        Raises:
            BadMessageError: it is malformed.
        """

    def answer(self, answer: Answer) -> Reply:
        """The document that tells the carrier *answer*."""

    def open_codec(self) -> MediaCodec:
        """A codec for one new media stream."""
