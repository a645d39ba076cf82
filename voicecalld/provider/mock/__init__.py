"""The mock carrier: a whole telephone network in memory, for use without account or network."""

from voicecalld.provider.base import Answer, CarrierReport, RestApi
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.mock.answer import render_answer
from voicecalld.provider.mock.media import MockCodec
from voicecalld.provider.mock.rest import MockRest
from voicecalld.provider.mock.signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    verify_signature,
)
from voicecalld.provider.mock.webhook import parse_webhook
from voicecalld.provider.stream import MediaCodec
from voicecalld.provider.voice import LISTEN_BEGIN_S


class MockProvider:
    """The mock carrier's five files as one `Provider`; *key* is shared with the exchange."""

    def __init__(self, *, key: bytes) -> None:
        self._key = key
        self._rest = MockRest()

    @property
    def name(self) -> str:
        """The carrier's name in settings, URLs and records."""
        return "mock"

    @property
    def rest(self) -> RestApi:
        """What we can ask of it."""
        return self._rest

    @property
    def has_own_voice(self) -> bool:
        """Whether it can speak and listen without a media stream."""
        return False

    @property
    def listen_begin_s(self) -> float:
        """How long it is to wait for the first word when it listens without a media stream."""
        return LISTEN_BEGIN_S

    @property
    def signature_headers(self) -> tuple[str, ...]:
        """The headers, in lower case, without which no webhook can be genuine."""
        return (SIGNATURE_HEADER, TIMESTAMP_HEADER)

    @property
    def commands(self) -> None:
        """None: it asks what to do."""
        return None

    def check_upgrade(self, upgrade: Webhook) -> None:
        """A stream proves itself by its token alone."""

    def verify(self, webhook: Webhook, unix_s: float) -> str:
        """The replay key of a genuine webhook, made of signed material only.

        Raises:
            BadSignatureError: it is not genuine, or too old.
        """
        return verify_signature(webhook, self._key, unix_s)

    def parse(self, webhook: Webhook) -> tuple[CarrierReport, ...]:
        """What a genuine webhook says; nothing for kinds of event we do not know.

        Raises:
            BadMessageError: it is malformed.
        """
        return parse_webhook(webhook)

    def answer(self, answer: Answer) -> Reply:
        """The document that tells the carrier *answer*."""
        return render_answer(answer)

    @property
    def stream_subprotocol(self) -> str:
        """None is offered."""
        return ""

    def find_token(self, upgrade: Webhook) -> str:  # noqa: ARG002 - the start shows it
        """Nothing: the start of the stream shows it."""
        return ""

    def open_codec(self, upgrade: Webhook | None) -> MediaCodec:  # noqa: ARG002 - it tells nothing
        """A codec for one new media stream."""
        return MockCodec()
