import pytest

from voicecalld.provider.telnyx.voices import POLLY, find_language


@pytest.mark.parametrize(
    ("language", "closest"),
    [
        ("de-DE", "de-DE"),
        ("de-AT", "de-DE"),
        ("de", "de-DE"),
        ("en", "en-US"),
        ("en-ZA", "en-US"),
        ("en-GB", "en-GB"),
        ("fr", "fr-FR"),
        ("es", "es-ES"),
        ("ar-SA", "arb"),
        ("zh-CN", "cmn-CN"),
        ("no", "nb-NO"),
        ("nn-NO", "nb-NO"),
        ("cs-CZ", None),
        ("d", None),
        ("", None),
    ],
)
def test_a_language_is_spoken_as_the_one_that_comes_closest(
    language: str, closest: str | None
) -> None:
    assert find_language(language) == closest


def test_every_language_has_a_voice_of_its_own() -> None:
    assert len(set(POLLY.values())) == len(POLLY)
