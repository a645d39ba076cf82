"""What every carrier must be able to translate.

A carrier is five files of the same names: ``signature`` (is it really them?), ``webhook`` (their
fields to our reports), ``answer`` (the document that a webhook is answered with), ``rest`` (place,
hang up, press keys) and ``media`` (their stream messages to frames and events). The class in the
carrier's ``__init__`` puts them together as a `Provider`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from voicecalld.call.events import HungUp, LegEvent
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId, StreamId
from voicecalld.provider.http import HttpRequest, HttpResponse, Reply, Webhook


class Direction(StrEnum):
    """Who placed the call, as we see it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Let the carrier make out what the other party says, with a recogniser of its own.

    It waits ``begin_s`` for them to begin, and takes ``end_s`` of silence for their end.
    """

    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Perform:
    """Answer: press keys, speak, pause, listen, in this order, all by the carrier's own means.

    Afterwards the carrier asks at ``next_url`` what comes next, and reports what it has heard;
    without one it hangs up.
    """

    press: str = ""
    say: str = ""
    pause_s: float = 0.0
    listen: Listen | None = None
    next_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """A call to be placed.

    Whatever happens to it is reported to ``webhook_url``, which holds our id of the call. With an
    ``opening`` the carrier performs that at the answer; without one it asks what to do.
    """

    call_id: CallId
    to: PhoneNumber
    from_: PhoneNumber
    webhook_url: str
    ring_timeout_s: float
    max_duration_s: float
    opening: Perform | None = None
    detects_machine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """The carrier has performed what it was told under the turn token ``turn``.

    ``text`` and ``digits`` are what the other party said and pressed meanwhile.
    """

    turn: str
    text: str = ""
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierReport:
    """One thing that a carrier says has happened to a call.

    ``call_id`` is what we told the carrier when we placed the call; a call that somebody else
    placed has none. ``from_`` and ``to`` are as the carrier wrote them: a withheld number is not
    E.164. With ``asks`` the carrier waits for an answer that says what to do next.
    """

    provider_call_id: ProviderCallId
    event: LegEvent | None = None
    performed: Performed | None = None
    asks: bool = False
    call_id: CallId | None = None
    direction: Direction | None = None
    from_: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectStream:
    """Answer: connect the call's audio to our media stream.

    When the stream has ended and the call has not, the carrier asks at ``next_url`` what comes
    next; without one it hangs up.
    """

    stream_url: str
    token: str
    next_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectCall:
    """Answer: do not take this call, before it costs anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Answer: understood, nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpCall:
    """Answer: end this call."""


Answer: TypeAlias = ConnectStream | Perform | RejectCall | HangUpCall | Acknowledge


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

    def press(self, call: ProviderCallId, digits: str) -> HttpRequest | None:
        """The request that presses keys towards the other party.

        None if the carrier cannot do that without breaking the media stream: then we play tones.
        """

    def redirect(self, call: ProviderCallId, url: str) -> HttpRequest | None:
        """The request that lets the carrier drop what it performs and ask at *url* what to do.

        None if the carrier has no such request.
        """

    def fetch(self, call: ProviderCallId) -> HttpRequest | None:
        """The request that asks how a call is; None if the carrier has no such request."""

    def read_end(self, response: HttpResponse) -> HungUp | None:
        """How the call has ended, by the answer to `fetch`; None if it has not, or is unknown."""

    def is_too_early(self, response: HttpResponse) -> bool:
        """Whether a request was refused only because the call is not in that state yet."""

    def explain(self, response: HttpResponse) -> str:
        """What the carrier says in *response*, for a person to read: status, code, words.

        It has no secret of ours in it, and at most 8 KiB.
        """


class Provider(Protocol):
    """One carrier."""

    @property
    def name(self) -> str:
        """The carrier's name in settings, URLs and records."""

    @property
    def rest(self) -> RestApi:
        """What we can ask of it."""

    @property
    def has_own_voice(self) -> bool:
        """Whether it can speak and listen without a media stream: whether it knows `Perform`."""

    @property
    def signature_headers(self) -> tuple[str, ...]:
        """The headers, in lower case, without which no webhook can be genuine."""

    def check_upgrade(self, upgrade: Webhook) -> None:
        """Check what the carrier proves when it opens a media stream; its URL is ours, ``wss:``.

        Raises:
            BadSignatureError: the proof is wrong, or missing though the carrier always gives it.
        """

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
