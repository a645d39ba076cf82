"""From names in the settings to synthesizer and transcriber: the only file that knows them all."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

from voicecalld.errors import ConfigError
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer, Transcriber
from voicecalld.speech.embedded_synthesizer import open_embedded_synthesizer
from voicecalld.speech.embedded_transcriber import open_embedded_transcriber


def open_synthesizer(settings: Settings) -> AbstractAsyncContextManager[Synthesizer]:
    """The synthesizer that the settings ask for, with whatever runs behind it.

    Raises:
        ConfigError: there is none of that name, or it cannot be used (then on entering).
        ServiceError: it does not start (on entering).
    """
    open_it = SYNTHESIZERS.get(settings.tts.provider)
    if open_it is None:
        raise ConfigError(describe_unknown("tts.provider", settings.tts.provider, SYNTHESIZERS))
    return open_it(settings)


def open_transcriber(settings: Settings) -> AbstractAsyncContextManager[Transcriber]:
    """The transcriber that the settings ask for, with whatever runs behind it.

    Raises:
        ConfigError: there is none of that name, or it cannot be used (then on entering).
        ServiceError: it does not start (on entering).
    """
    open_it = TRANSCRIBERS.get(settings.stt.provider)
    if open_it is None:
        raise ConfigError(describe_unknown("stt.provider", settings.stt.provider, TRANSCRIBERS))
    return open_it(settings)


def describe_unknown(setting: str, name: str, known: Mapping[str, object]) -> str:
    """What is wrong with *name* as the value of *setting*."""
    return f"{setting}: there is no {name!r}, only {', '.join(sorted(known))}"


SYNTHESIZERS: Final[
    Mapping[str, Callable[[Settings], AbstractAsyncContextManager[Synthesizer]]]
] = {"embedded": lambda settings: open_embedded_synthesizer(settings.tts.embedded)}

TRANSCRIBERS: Final[
    Mapping[str, Callable[[Settings], AbstractAsyncContextManager[Transcriber]]]
] = {
    "embedded": lambda settings: open_embedded_transcriber(
        settings.stt.embedded.phrases, preroll_ms=settings.turn.preroll_ms
    )
}
