"""Every carrier by its name; the only place that knows them all."""

from collections.abc import Callable, Mapping

from voicecalld.errors import ConfigError
from voicecalld.provider.base import Provider
from voicecalld.provider.mock import MockProvider


def build_mock(key: bytes) -> Provider:
    """The mock carrier; *key* signs its webhooks."""
    return MockProvider(key=key)


PROVIDERS: Mapping[str, Callable[[bytes], Provider]] = {"mock": build_mock}


def build_provider(name: str, *, key: bytes) -> Provider:
    """The carrier called *name*; *key* signs the webhooks of the mock carrier.

    Raises:
        ConfigError: there is no such carrier.
    """
    if name not in PROVIDERS:
        raise ConfigError(f"provider: {name!r} is none of {', '.join(PROVIDERS)}")
    return PROVIDERS[name](key)
