"""The settings of turns: their bounds, and what they may not be together with others."""

from typing import Any

import pytest
from pydantic import ValidationError

from voicecalld.settings import Settings
from voicecalld.turn_settings import TurnSettings

OPENAI = {"provider": "openai", "openai": {"api_key": "key", "model": "m"}}


@pytest.mark.parametrize(
    ("key", "least", "most", "step"),
    [
        ("endpoint_silence_ms", 100, 10_000, 1),
        ("endpoint_whole_ms", 100, 10_000, 1),
        ("endpoint_dictated_ms", 100, 10_000, 1),
        ("endpoint_trailing_ms", 100, 10_000, 1),
        ("endpoint_longest_ms", 100, 10_000, 1),
        ("barge_in_speech_ms", 20, 5_000, 1),
        ("barge_in_voice_ms", 20, 10_000, 1),
        ("echo_share", 0.0, 1.0, 0.01),
        ("echo_words", 1, 100, 1),
        ("false_interruption_ms", 0, 30_000, 1),
        ("filler_after_ms", 100, 60_000, 1),
        ("voice_threshold", 0.05, 0.95, 0.01),
        ("voice_threshold_speaking", 0.05, 0.95, 0.01),
        ("lead_ms", 100, 400, 1),
    ],
)
def test_numbers_of_turns_have_bounds(key: str, least: Any, most: Any, step: Any) -> None:
    for value in (least, most):
        assert getattr(TurnSettings(**{key: value}), key) == value
    for value in (least - step, most + step):
        with pytest.raises(ValidationError):
            TurnSettings(**{key: value})


@pytest.mark.parametrize("provider", ["embedded", "openclaw", "command"])
def test_an_agent_that_remembers_what_it_was_asked_is_not_asked_ahead(provider: str) -> None:
    agent: dict[str, Any] = {"provider": provider, "command": {"argv": ["true"]}}

    with pytest.raises(ValidationError, match=r"turn\.speculative is true") as refused:
        Settings.model_validate({"turn": {"speculative": True}, "agent": agent})

    assert [error["loc"] for error in refused.value.errors()] == [("agent", "provider")]


def test_a_model_that_is_told_everything_anew_may_be_asked_ahead() -> None:
    settings = Settings.model_validate({"turn": {"speculative": True}, "agent": OPENAI})

    assert settings.turn.speculative
    assert not TurnSettings().speculative
