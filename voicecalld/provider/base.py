"""What every carrier must be able to translate.

A carrier is five files of the same names: ``signature`` (is it really them?), ``webhook`` (their
fields to our reports), ``answer`` (the document that a webhook is answered with), ``rest`` (place,
hang up, press keys) and ``media`` (their stream messages to frames and events). The class in the
carrier's ``__init__`` puts them together as a `Provider`.

Most carriers ask what to do, and are answered with a document. Some take commands instead, and
report what comes of them: those have no ``answer`` but ``commands``, see `CommandApi`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from voicecalld.call.events import HungUp, LegEvent
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.http import HttpRequest, HttpResponse, Reply, Webhook
from voicecalld.provider.stream import MediaCodec


class Direction(StrEnum):
    """Who placed the call, as we see it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Let the carrier make out what the other party says, with a recogniser of its own.

    It waits ``begin_s`` for them to begin, which is a carrier's `Provider.listen_begin_s`, and
    takes ``end_s`` of silence for their end.
    """

    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Perform:
    """Answer: press keys, speak, pause, listen, in this order, all by the carrier's own means.

    Afterwards the carrier asks at ``next_url`` what comes next, and reports what it has heard;
    without one it hangs up. The URL holds the turn token ``next_turn``.
    """

    press: str = ""
    say: str = ""
    pause_s: float = 0.0
    listen: Listen | None = None
    next_url: str = ""
    next_turn: str = ""


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
class SpeechEnded:
    """What came of a command: what was to be said under the turn token ``turn`` is over.

    If it ``was_cut``, that is because the call is.
    """

    turn: str
    was_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsHeard:
    """What came of a command: the recogniser has made out ``text``, which may still change.

    ``turn`` is the turn token under which it was told to listen, empty if the carrier is silent
    about that; ``unix_s`` is when it had made them out, 0 if the carrier is silent about that.
    """

    text: str
    is_final: bool
    turn: str = ""
    unix_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeard:
    """The other party has pressed a key; on a call with a media stream that tells it as well."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLost:
    """What came of a command: the media stream is over, or there was none."""


Progress: TypeAlias = SpeechEnded | WordsHeard | KeyHeard | StreamLost


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierReport:
    """One thing that a carrier says has happened to a call.

    ``call_id`` is what we told the carrier when we placed the call; a call that somebody else
    placed has none. ``from_`` and ``to`` are as the carrier wrote them: a withheld number is not
    E.164. With ``asks`` the carrier waits for an answer that says what to do next. ``placed_as``
    is what the carrier named the order to place the call, if it gives the call another name.
    """

    provider_call_id: ProviderCallId
    event: LegEvent | None = None
    performed: Performed | None = None
    progress: Progress | None = None
    asks: bool = False
    placed_as: ProviderCallId | None = None
    call_id: CallId | None = None
    direction: Direction | None = None
    from_: str = ""
    to: str = ""

    @property
    def says_something(self) -> bool:
        """Whether it is more than that there is such a call."""
        said = (self.event, self.performed, self.progress)
        return self.asks or any(fact is not None for fact in said)


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

    def cancel(self, order: ProviderCallId) -> HttpRequest | None:
        """The request that takes back an order of which no call has been reported yet.

        None if `hang_up` does that as well. *order* is what `read_placed` has given; the answer
        is read with `is_hung_up`. Afterwards the call that it may have become is hung up.
        """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCall:
    """A call by both its names: ours, and the carrier's."""

    call_id: CallId
    provider_call_id: ProviderCallId


class CommandApi(Protocol):
    """What a carrier is told that takes commands, as requests that somebody else sends.

    An answer of 2xx means that a command was accepted; what comes of it is reported later, as
    `Progress`. All of them may be sent again when nobody knows whether they have arrived.
    """

    def take(self, call: NamedCall) -> HttpRequest:
        """The request that answers an inbound call, to which the carrier says "answered"."""

    def reject(self, call: ProviderCallId) -> HttpRequest:
        """The request that refuses an inbound call, before it costs anything."""

    def connect(self, call: NamedCall, answer: ConnectStream) -> HttpRequest:
        """The request that connects the call's audio to our media stream."""

    def say(self, call: NamedCall, text: str, turn: str) -> HttpRequest:
        """The request to speak *text*; `SpeechEnded` will name the turn token *turn*."""

    def stop_saying(self, call: NamedCall) -> HttpRequest:
        """The request to say nothing more of what is being said."""

    def listen(self, call: NamedCall, turn: str) -> HttpRequest:
        """The request to report, from now on, what the other party says as `WordsHeard`."""

    def stop_listening(self, call: NamedCall, turn: str) -> HttpRequest:
        """The request to report no more of what they say."""

    def is_over(self, response: HttpResponse) -> bool:
        """Whether a command was refused only because the call is over."""


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
    def listen_begin_s(self) -> float:
        """How long it is to wait for the first word when it listens without a media stream."""

    @property
    def signature_headers(self) -> tuple[str, ...]:
        """The headers, in lower case, without which no webhook can be genuine."""

    @property
    def commands(self) -> CommandApi | None:
        """What it is told, if it takes commands; None if it asks, and gets `answer`."""

    def check_upgrade(self, upgrade: Webhook) -> None:
        """Check what the carrier proves when it opens a media stream; its URL is ours, ``wss:``.

        Raises:
            BadSignatureError: the proof is wrong, or missing though the carrier always gives it.
        """

    @property
    def stream_subprotocol(self) -> str:
        """The WebSocket subprotocol that it offers for media streams; empty if none."""

    def find_token(self, upgrade: Webhook) -> str:
        """The stream's token in the request that opens it; empty if its start will show it."""

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
        """The document that tells the carrier *answer*; one that takes commands does not look."""

    def open_codec(self, upgrade: Webhook | None) -> MediaCodec:
        """A codec for one new media stream; *upgrade* has opened it, if that was a request."""
