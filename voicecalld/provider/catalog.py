"""Every carrier by its name; the only place that knows them all."""

from collections.abc import Callable, Mapping

from voicecalld.provider.base import Provider
from voicecalld.provider.mock import MockProvider
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


PROVIDERS: Mapping[str, Callable[[Settings, bytes], Provider]] = {
    "mock": build_mock,
    "twilio": build_twilio,
}


def build_provider(settings: Settings, *, key: bytes) -> Provider:
    """The carrier that the settings name; *key* signs the webhooks of the mock carrier."""
    return PROVIDERS[settings.provider](settings, key)
