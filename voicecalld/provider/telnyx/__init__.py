"""Telnyx: calls are steered by commands, and its webhooks tell what has come of them."""

from voicecalld.errors import BadSignatureError
from voicecalld.provider.base import Answer, CarrierReport, CommandApi, RestApi
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.stream import MediaCodec
from voicecalld.provider.telnyx.commands import TelnyxCommands
from voicecalld.provider.telnyx.media import TelnyxCodec
from voicecalld.provider.telnyx.rest import Account, TelnyxRest
from voicecalld.provider.telnyx.signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    parse_public_key,
    verify_signature,
)
from voicecalld.provider.telnyx.webhook import parse_webhook
from voicecalld.provider.voice import LISTEN_BEGIN_S, Voice

TOKEN_HEADER = "x-telnyx-streaming-auth-token"  # noqa: S105 - the name of a header


class TelnyxProvider:
    """Telnyx's files as one `Provider`, for one application of one account.

    ``language`` and ``voice`` are what it speaks and listens in on calls without a media stream.

    Raises:
        ConfigError: the ``public_key``, which webhooks are checked with, is missing or malformed.
    """

    def __init__(
        self,
        *,
        api_key: str,
        public_key: str,
        connection_id: str,
        api_base_url: str,
        language: str,
        voice: str,
    ) -> None:
        account = Account(api_key=api_key, connection_id=connection_id, base_url=api_base_url)
        self._connection_id = connection_id
        self._public_key = parse_public_key(public_key)
        self._rest = TelnyxRest(account)
        self._commands = TelnyxCommands(account, Voice(language=language, name=voice))

    @property
    def name(self) -> str:
        """The carrier's name in settings, URLs and records."""
        return "telnyx"

    @property
    def rest(self) -> RestApi:
        """What we can ask of it."""
        return self._rest

    @property
    def has_own_voice(self) -> bool:
        """Whether it can speak and listen without a media stream."""
        return True

    @property
    def listen_begin_s(self) -> float:
        """How long it is to wait for the first word when it listens without a media stream."""
        return LISTEN_BEGIN_S

    @property
    def signature_headers(self) -> tuple[str, ...]:
        """The headers, in lower case, without which no webhook can be genuine."""
        return (SIGNATURE_HEADER, TIMESTAMP_HEADER)

    @property
    def commands(self) -> CommandApi | None:
        """What it is told."""
        return self._commands

    def check_upgrade(self, upgrade: Webhook) -> None:
        """Check that the request that opens a media stream has a token: it is always told one.

        Telnyx signs no such request.

        Raises:
            BadSignatureError: there is none.
        """
        if not self.find_token(upgrade):
            raise BadSignatureError("the stream has no token")

    @property
    def stream_subprotocol(self) -> str:
        """None is offered."""
        return ""

    def find_token(self, upgrade: Webhook) -> str:
        """The stream's token in the request that opens it; empty if there is none."""
        return upgrade.headers.get(TOKEN_HEADER, "")

    def verify(self, webhook: Webhook, unix_s: float) -> str:
        """The replay key of a genuine webhook, made of signed material only.

        Raises:
            BadSignatureError: it is not genuine, or too old.
        """
        return verify_signature(webhook, self._public_key, unix_s)

    def parse(self, webhook: Webhook) -> tuple[CarrierReport, ...]:
        """What a genuine webhook says; nothing for what concerns no call of our application.

        Raises:
            BadMessageError: it is malformed.
        """
        return parse_webhook(webhook, self._connection_id)

    def answer(self, answer: Answer) -> Reply:  # noqa: ARG002 - it does not look
        """Nothing but that we have understood: what is to be done is said by commands."""
        return Reply()

    def open_codec(self, upgrade: Webhook | None) -> MediaCodec:
        """A codec for one new media stream, which *upgrade* has opened."""
        return TelnyxCodec("" if upgrade is None else self.find_token(upgrade))
