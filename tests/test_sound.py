import pytest

from tests.sound import spoken

TEXTS = ("Hello there.", "Good evening to you.")


def say_anew(texts: tuple[str, ...]) -> dict[str, bytes]:
    spoken.cache_clear()
    return {text: spoken(text) for text in texts}


def test_a_text_sounds_alike_whatever_was_said_before_it() -> None:
    assert say_anew(TEXTS) == say_anew(TEXTS[::-1])


@pytest.mark.parametrize("text", ["Schöne Grüße", "-v", "a\nb"])
def test_any_text_can_be_said(text: str) -> None:
    assert len(spoken(text)) > 2000  # a quarter of a second
