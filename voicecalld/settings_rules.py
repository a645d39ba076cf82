"""What the settings may not be together, though each of them may be alone.

A rule gives its complaints instead of raising them, because one rule may have several, each about
another key. They say what to do, and show no value: some of the keys are secret. Nor are they cut.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from voicecalld.carrier_settings import Account
from voicecalld.contradiction import contradiction
from voicecalld.edge_settings import (
    ServeSettings,
    StreamingSettings,
    TunnelSettings,
    WebhookSecuritySettings,
    is_loopback,
)
from voicecalld.service_rules import check_agent, check_synthesizer, check_transcriber

NAMES: Final = ("twilio", "telnyx", "plivo")
"""The carriers across the network: their tables, their accounts, and their paths."""

BYPASS: Final = "allow_ngrok_free_tier_loopback_bypass"

EXAMPLE_URL: Final = "https://voice.example.com/voice/webhook"

NGROK_DOMAINS: Final = (
    ".ngrok-free.app",
    ".ngrok.app",
    ".ngrok.io",
    ".ngrok-free.dev",
    ".ngrok.dev",
)


def check_account(
    name: str, account: Account, provider: str, from_number: str | None
) -> Iterator[InitErrorDetails]:
    """The carrier that places calls needs an account, and no other may have one by half.

    The mock carrier is alone: with it, nobody looks at the accounts.
    """
    cause: tuple[str, ...] = ()
    if provider == name:
        reason, remedy = f'provider is "{name}"', ""
    elif account.given and provider != "mock":
        cause = (name, account.given[0])
        reason, remedy = f"{'.'.join(cause)} is given", ", or remove that"
    else:
        return
    for key in account.NEEDED:
        if key not in account.given:
            words = (name, *key.split("_"))
            yield contradiction(
                f"{reason}, so it is needed: set it, or the environment variable "
                f"{'_'.join(words).upper()}, or the credential {'-'.join(words)}{remedy}",
                key,
                cause=cause,
            )
    if from_number is None and account.from_number is None:
        yield contradiction(
            f"{reason}, so a number of your account is needed: set this, "
            f"or from_number at the top of the file{remedy}",
            "from_number",
            cause=cause,
        )


def check_tunnel(
    tunnel: TunnelSettings, serve: ServeSettings, security: WebhookSecuritySettings
) -> Iterator[InitErrorDetails]:
    """Webhooks without proof can come through ngrok's agent on this machine, or not at all.

    Whoever connects from this machine is taken for that agent, so no proxy may do so as well.
    """
    if not tunnel.allow_ngrok_free_tier_loopback_bypass:
        return
    changes: list[str] = []
    if tunnel.provider != "ngrok":
        changes.append('set tunnel.provider to "ngrok"')
    if not is_loopback(serve.bind):
        changes.append('set serve.bind to "127.0.0.1"')
    if security.trusted_proxy_ips:
        changes.append("remove webhook_security.trusted_proxy_ips")
    if changes:
        yield contradiction(
            f"it is for ngrok on this machine alone: {' and '.join(changes)}, or set it to false",
            BYPASS,
        )


def check_streaming(
    streaming: StreamingSettings, provider: str, serve: ServeSettings
) -> Iterator[InitErrorDetails]:
    """The mock carrier has no voice of its own, and one path is one thing."""
    if provider == "mock" and not streaming.enabled:
        yield contradiction(
            "the mock carrier has no voice of its own: set it to true, or choose another provider",
            "enabled",
        )
    if paths_of(streaming.stream_path) & paths_of(serve.path):
        yield contradiction(
            "webhooks and media streams need different paths: change it, or serve.path",
            "stream_path",
        )


def paths_of(path: str) -> set[str]:
    """*path*, and those below it that belong to one carrier each."""
    return {path, *(f"{path}/{name}" for name in NAMES)}


def check_skipped_verification(
    skips: bool,
    serve: ServeSettings,
    security: WebhookSecuritySettings,
    tunnel: TunnelSettings,
) -> Iterator[InitErrorDetails]:
    """Without proof, nobody may be let in but this machine itself."""
    if not skips:
        return
    changes: list[str] = []
    if not is_loopback(serve.bind):
        changes.append('set serve.bind to "127.0.0.1"')
    if tunnel.provider != "none":
        changes.append('set tunnel.provider to "none"')
    if security.trusted_proxy_ips:
        changes.append("remove webhook_security.trusted_proxy_ips")
    if changes:
        yield contradiction(
            f"anybody could forge webhooks: set it to false, or {' and '.join(changes)}"
        )


def check_public_url(
    public_url: str,
    provider: str,
    security: WebhookSecuritySettings,
    skips_verification: bool,
    tunnel: TunnelSettings,
) -> Iterator[InitErrorDetails]:
    """A carrier across the network must be told where we are, unless it is on this machine.

    What comes to a host that is not ngrok's comes through something else, also from this machine.
    """
    if public_url and skips_verification:
        yield contradiction(
            "anybody could forge webhooks: remove it, or set skip_signature_verification to false"
        )
    host = urlsplit(public_url).hostname or ""
    if tunnel.allow_ngrok_free_tier_loopback_bypass and public_url and not is_ngrok(host):
        yield contradiction(
            f"anybody could forge webhooks, for its host is not one of ngrok's: give it ngrok's, "
            f"or set tunnel.{BYPASS} to false"
        )
    is_known = public_url or (security.trusted_proxy_ips and security.allowed_hosts)
    if provider != "mock" and not is_known and not skips_verification:
        yield contradiction(
            f'provider is "{provider}", so it is needed: set it to the URL at which the carrier '
            f'reaches serve.path, such as "{EXAMPLE_URL}", or set both '
            "webhook_security.trusted_proxy_ips and webhook_security.allowed_hosts"
        )


def is_ngrok(host: str) -> bool:
    """Whether *host* is one that ngrok gives out."""
    return host.endswith(NGROK_DOMAINS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is wrong with a value, by it and by the fields ``others``, which are in front of it."""

    others: tuple[str, ...]
    check: Callable[..., Iterator[InitErrorDetails]]


RULES: Mapping[str, Rule] = {
    **{
        name: Rule(others=("provider", "from_number"), check=partial(check_account, name))
        for name in NAMES
    },
    "tunnel": Rule(others=("serve", "webhook_security"), check=check_tunnel),
    "streaming": Rule(others=("provider", "serve"), check=check_streaming),
    "skip_signature_verification": Rule(
        others=("serve", "webhook_security", "tunnel"), check=check_skipped_verification
    ),
    "public_url": Rule(
        others=("provider", "webhook_security", "skip_signature_verification", "tunnel"),
        check=check_public_url,
    ),
    "tts": Rule(others=(), check=check_synthesizer),
    "stt": Rule(others=(), check=check_transcriber),
    "agent": Rule(others=("response_model", "turn"), check=check_agent),
}
"""The rule of each field that has one."""


def complain(value: object, field: str, valid: Mapping[str, object]) -> None:
    """Have pydantic report what the rule of *field* finds, together with every other mistake.

    Args:
        value: the value of *field*.
        field: its name.
        valid: those of the other fields that are right in themselves, by their names.

    Raises:
        ValidationError: the rule has found something.
    """
    rule = RULES[field]
    if not valid.keys() >= {*rule.others}:
        return
    found = [*rule.check(value, *(valid[name] for name in rule.others))]
    if found:
        raise ValidationError.from_exception_data("Settings", found)
