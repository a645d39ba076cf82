"""Twilio: calls are steered by documents that it fetches from us."""

from voicecalld.provider.base import Answer, CarrierReport, RestApi
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.stream import MediaCodec
from voicecalld.provider.twilio.answer import render_answer
from voicecalld.provider.twilio.media import TwilioCodec
from voicecalld.provider.twilio.rest import TwilioRest
from voicecalld.provider.twilio.signature import (
    SIGNATURE_HEADER,
    Signing,
    verify_signature,
    verify_upgrade,
)
from voicecalld.provider.twilio.webhook import parse_webhook
from voicecalld.provider.voice import LISTEN_BEGIN_S, Voice


class TwilioProvider:
    """Twilio's five files as one `Provider`, for one account.

    ``language`` and ``voice`` are what it speaks and listens in on calls without a media stream.
    With a ``shared_key`` webhooks must be signed with that instead of the ``auth_token``.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        api_base_url: str,
        region: str,
        language: str,
        voice: str,
        shared_key: str = "",
    ) -> None:
        self._voice = Voice(language=language, name=voice)
        self._signing = Signing(
            account_sid=account_sid, auth_token=auth_token, shared_key=shared_key
        )
        self._rest = TwilioRest(
            account_sid=account_sid,
            auth_token=auth_token,
            base_url=api_base_url,
            region=region,
            voice=self._voice,
        )

    @property
    def name(self) -> str:
        """The carrier's name in settings, URLs and records."""
        return "twilio"

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
        return (SIGNATURE_HEADER,)

    @property
    def commands(self) -> None:
        """None: it asks what to do."""
        return None

    def check_upgrade(self, upgrade: Webhook) -> None:
        """Check the signature of the request that opens a media stream.

        Raises:
            BadSignatureError: it is missing or wrong.
        """
        verify_upgrade(upgrade, self._signing)

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
        """The document that tells Twilio *answer*."""
        return render_answer(answer, self._voice)

    @property
    def stream_subprotocol(self) -> str:
        """None is offered."""
        return ""

    def find_token(self, upgrade: Webhook) -> str:  # noqa: ARG002 - the start shows it
        """Nothing: the start of the stream shows it."""
        return ""

    def open_codec(self, upgrade: Webhook | None) -> MediaCodec:  # noqa: ARG002 - it tells nothing
        """A codec for one new media stream."""
        return TwilioCodec()
