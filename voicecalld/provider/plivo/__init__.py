"""Plivo: calls are steered by documents that it fetches from us."""

from voicecalld.provider.base import Answer, CarrierReport, RestApi
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.plivo.answer import LISTENING_S, render_answer
from voicecalld.provider.plivo.media import PlivoCodec
from voicecalld.provider.plivo.rest import PlivoRest
from voicecalld.provider.plivo.signature import (
    NONCE_HEADER,
    Signing,
    find_token,
    verify_signature,
    verify_upgrade,
)
from voicecalld.provider.plivo.webhook import parse_webhook
from voicecalld.provider.stream import MediaCodec
from voicecalld.provider.voice import Voice


class PlivoProvider:
    """Plivo's five files as one `Provider`, for one account.

    ``language`` and ``voice`` are what it speaks and listens in on calls without a media stream.
    """

    def __init__(
        self,
        *,
        auth_id: str,
        auth_token: str,
        api_base_url: str,
        language: str,
        voice: str,
    ) -> None:
        self._voice = Voice(language=language, name=voice)
        self._signing = Signing(auth_token=auth_token)
        self._rest = PlivoRest(auth_id=auth_id, auth_token=auth_token, base_url=api_base_url)

    @property
    def name(self) -> str:
        """The carrier's name in settings, URLs and records."""
        return "plivo"

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
        """How long it is to wait for the first word: as long as it listens altogether."""
        return LISTENING_S

    @property
    def signature_headers(self) -> tuple[str, ...]:
        """The headers, in lower case, without which no webhook can be genuine.

        The signature itself is in one of two.
        """
        return (NONCE_HEADER,)

    @property
    def commands(self) -> None:
        """None: it asks what to do."""
        return None

    def check_upgrade(self, upgrade: Webhook) -> None:
        """Check that the request that opens a media stream has a token, and its signature, if any.

        Raises:
            BadSignatureError: the signature is wrong, or there is no token.
        """
        verify_upgrade(upgrade, self._signing)

    @property
    def stream_subprotocol(self) -> str:
        """What its media streams offer to speak."""
        return "audio.plivo.com"

    def find_token(self, upgrade: Webhook) -> str:
        """The stream's token, in the query of the request that opens it."""
        return find_token(upgrade)

    def verify(self, webhook: Webhook, unix_s: float) -> str:  # noqa: ARG002 - no time is signed
        """The replay key of a genuine webhook, made of signed material only.

        Raises:
            BadSignatureError: it is not genuine.
        """
        return verify_signature(webhook, self._signing)

    def parse(self, webhook: Webhook) -> tuple[CarrierReport, ...]:
        """What a genuine webhook says; nothing for what concerns no call of ours.

        Raises:
            BadMessageError: it is malformed.
        """
        return parse_webhook(webhook)

    def answer(self, answer: Answer) -> Reply:
        """The document that tells Plivo *answer*."""
        return render_answer(answer, self._voice)

    def open_codec(self, upgrade: Webhook | None) -> MediaCodec:
        """A codec for one new media stream."""
        return PlivoCodec("" if upgrade is None else find_token(upgrade))
