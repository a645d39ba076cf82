"""Every carrier by its name; the only place that knows them all."""

from collections.abc import Callable, Mapping

from voicecalld.errors import ConfigError
from voicecalld.provider.base import Provider
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.plivo import PlivoProvider
from voicecalld.provider.telnyx import TelnyxProvider
from voicecalld.provider.telnyx.voices import find_language
from voicecalld.provider.twilio import TwilioProvider
from voicecalld.settings import Settings


def build_mock(_settings: Settings, key: bytes) -> Provider:
    """The mock carrier; *key* signs its webhooks."""
    return MockProvider(key=key)


def build_twilio(settings: Settings, _key: bytes) -> Provider:
    """Twilio, under the account of the settings."""
    account = settings.twilio
    return TwilioProvider(
        account_sid=account.account_sid,
        auth_token=account.auth_token.get_secret_value(),
        shared_key=account.shared_key.get_secret_value(),
        api_base_url=account.api_base_url,
        region=account.region,
        language=settings.language,
        voice=account.voice,
    )


def build_telnyx(settings: Settings, _key: bytes) -> Provider:
    """Telnyx, under the account of the settings.

    Raises:
        ConfigError: it would have to speak a language that it has no voice of its own for.
    """
    account = settings.telnyx
    speaks = not settings.streaming.enabled
    if speaks and not account.voice and find_language(settings.language) is None:
        raise ConfigError(
            "telnyx.voice: Telnyx has no plain voice for the language: set this to one that "
            "speaks it, such as Azure.cs-CZ-VlastaNeural for cs-CZ"
        )
    return TelnyxProvider(
        api_key=account.api_key.get_secret_value(),
        public_key=account.public_key,
        connection_id=account.connection_id,
        api_base_url=account.api_base_url,
        language=settings.language,
        voice=account.voice,
    )


def build_plivo(settings: Settings, _key: bytes) -> Provider:
    """Plivo, under the account of the settings."""
    account = settings.plivo
    return PlivoProvider(
        auth_id=account.auth_id,
        auth_token=account.auth_token.get_secret_value(),
        api_base_url=account.api_base_url,
        language=settings.language,
        voice=account.voice,
    )


PROVIDERS: Mapping[str, Callable[[Settings, bytes], Provider]] = {
    "mock": build_mock,
    "twilio": build_twilio,
    "telnyx": build_telnyx,
    "plivo": build_plivo,
}


def build_provider(settings: Settings, *, key: bytes) -> Provider:
    """The carrier that the settings name; *key* signs the webhooks of the mock carrier."""
    return PROVIDERS[settings.provider](settings, key)


def build_providers(settings: Settings) -> Mapping[str, Provider]:
    """Each carrier across the network that the settings have an account for."""
    return {
        name: PROVIDERS[name](settings, b"")
        for name, account in settings.accounts.items()
        if account.has_account
    }
