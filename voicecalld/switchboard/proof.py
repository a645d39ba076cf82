"""What proves that a webhook comes from the carrier, and when it need not be proved."""

import hashlib
from typing import Final

import structlog

from voicecalld.edge_settings import is_loopback
from voicecalld.errors import BadSignatureError
from voicecalld.provider.base import Provider
from voicecalld.provider.http import Webhook
from voicecalld.settings import Settings

log: Final = structlog.get_logger()


class Proof:
    """What one carrier has to show."""

    def __init__(self, provider: Provider, settings: Settings) -> None:
        self.provider = provider
        self.settings = settings

    def prove(self, webhook: Webhook, peer: str, unix_s: float) -> str:
        """The replay key of *webhook*, if it is genuine or need not be.

        Raises:
            BadSignatureError: it is not genuine.
        """
        if self.settings.skip_signature_verification:
            return unproven_key(webhook)
        try:
            return self.provider.verify(webhook, unix_s)
        except BadSignatureError as error:
            if not self.lets_in_unproven(peer):
                raise
            log.warning(
                "webhook obeyed without proof: "
                "tunnel.allow_ngrok_free_tier_loopback_bypass is on, for trying things out only",
                provider=self.provider.name,
                reason=str(error),
            )
            return unproven_key(webhook)

    def is_needless(self, peer: str) -> bool:
        """Whether what *peer* sends may do without any proof."""
        return self.settings.skip_signature_verification or self.lets_in_unproven(peer)

    def lets_in_unproven(self, peer: str) -> bool:
        """Whether what *peer* sends may do without a signature: ngrok's agent brought it."""
        tunnel, bind = self.settings.tunnel, self.settings.serve.bind
        return (
            tunnel.allow_ngrok_free_tier_loopback_bypass
            and tunnel.provider == "ngrok"
            and self.provider.name == "twilio"
            and is_loopback(bind)
            and is_loopback(peer)
        )


def unproven_key(webhook: Webhook) -> str:
    """What to know a webhook by that has no signature: all of it.

    No genuine webhook has such a key, so nobody can have one answered before it comes.
    """
    parts = (webhook.method.encode(), webhook.url.encode(), webhook.body)
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    return f"unproven {digest}"
