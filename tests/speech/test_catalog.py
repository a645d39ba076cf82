import pytest

from voicecalld.errors import ConfigError
from voicecalld.settings import Settings
from voicecalld.speech.catalog import open_synthesizer, open_transcriber
from voicecalld.speech.embedded_synthesizer import EmbeddedSynthesizer
from voicecalld.speech.embedded_transcriber import EmbeddedTranscriber
from voicecalld.speech_settings import SttSettings, TtsSettings


async def test_embedded_is_made_of_what_comes_with_the_program() -> None:
    settings = Settings()

    async with (
        open_synthesizer(settings) as synthesizer,
        open_transcriber(settings) as transcriber,
    ):
        assert isinstance(synthesizer, EmbeddedSynthesizer)
        assert isinstance(transcriber, EmbeddedTranscriber)


def test_a_name_that_nobody_bears_is_the_operators_mistake() -> None:
    # Settings refuse such a name themselves; a new name may come to them before it comes here.
    settings = Settings.model_construct(
        tts=TtsSettings.model_construct(provider="siren"),
        stt=SttSettings.model_construct(provider="ear"),
    )

    with pytest.raises(ConfigError, match=r"^tts.provider: there is no 'siren', only embedded$"):
        open_synthesizer(settings)
    with pytest.raises(ConfigError, match=r"^stt.provider: there is no 'ear', only embedded$"):
        open_transcriber(settings)
