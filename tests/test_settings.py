"""What the settings accept, and that each of them explains itself."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from voicecalld.settings import Settings
from voicecalld.settings_reference import Key, build_tables

KEYS = [
    pytest.param(key, id=".".join((*table.path, key.name)))
    for table in build_tables()
    for key in table.keys
]


def complaints(values: Mapping[str, object]) -> dict[tuple[int | str, ...], str]:
    """What is wrong with *values*, by the place where it is."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(values)
    return {detail["loc"]: detail["msg"] for detail in caught.value.errors()}


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_has_one_sentence(key: Key) -> None:
    assert key.sentence[0].isupper()
    assert key.sentence.endswith(".")
    assert ". " not in key.sentence


@pytest.mark.parametrize("key", KEYS)
def test_a_setting_with_a_unit_in_its_name_is_explained_with_that_unit(key: Key) -> None:
    units = {"_ms": "(milliseconds)", "_seconds": "(seconds)"}

    for suffix, unit in units.items():
        assert key.name.endswith(suffix) == key.allowed.endswith(unit)


@pytest.mark.parametrize("key", KEYS)
def test_every_number_has_a_lowest_and_a_highest_value(key: Key) -> None:
    is_number = "number" in key.allowed and "E.164" not in key.allowed

    assert not is_number or " from " in key.allowed
    assert "None" not in key.allowed


def test_settings_cannot_be_changed() -> None:
    settings = Settings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.ring_timeout_ms = 5


@pytest.mark.parametrize("value", ["300", True, 300.0, None, [300]])
def test_only_a_whole_number_is_a_whole_number(value: object) -> None:
    assert ("max_duration_seconds",) in complaints({"max_duration_seconds": value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "3", True, 10**400])
def test_only_a_finite_number_is_a_number(value: object) -> None:
    wrong = complaints({"outbound": {"notify_hangup_delay_seconds": value}})

    assert ("outbound", "notify_hangup_delay_seconds") in wrong


def test_a_whole_number_is_a_number_too() -> None:
    settings = Settings.model_validate({"outbound": {"notify_hangup_delay_seconds": 2}})

    assert settings.outbound.notify_hangup_delay_seconds == 2.0


@given(
    ring_timeout_ms=st.integers(1_000, 600_000),
    reaper_seconds=st.integers(0, 700) | st.just(86_400),
)
def test_the_reaper_is_off_or_lets_a_call_ring_out(
    ring_timeout_ms: int, reaper_seconds: int
) -> None:
    values = {"ring_timeout_ms": ring_timeout_ms, "stale_call_reaper_seconds": reaper_seconds}
    is_fine = reaper_seconds == 0 or reaper_seconds * 1000 > ring_timeout_ms

    if is_fine:
        assert Settings.model_validate(values).stale_call_reaper_seconds == reaper_seconds
    else:
        assert [*complaints(values)] == [("stale_call_reaper_seconds",)]


def test_a_longer_ringing_than_the_default_reaper_allows_is_refused() -> None:
    wrong = complaints({"ring_timeout_ms": 120_000})

    assert "which is 120000 milliseconds" in wrong[("stale_call_reaper_seconds",)]


def test_the_reaper_is_not_blamed_for_a_ringing_time_that_is_wrong_in_itself() -> None:
    assert [*complaints({"ring_timeout_ms": 10**9})] == [("ring_timeout_ms",)]


def test_an_allowlist_of_nobody_is_refused() -> None:
    wrong = complaints({"inbound_policy": "allowlist"})

    assert 'set inbound_policy to "disabled"' in wrong[("allow_from",)]


@pytest.mark.parametrize("policy", ["disabled", "open"])
def test_other_policies_need_no_list(policy: str) -> None:
    assert Settings.model_validate({"inbound_policy": policy}).allow_from == ()


def test_an_allowlist_comes_as_an_array() -> None:
    values = {"inbound_policy": "allowlist", "allow_from": ["+15550100", "+15550101"]}

    assert Settings.model_validate(values).allow_from == ("+15550100", "+15550101")


@pytest.mark.parametrize("number", ["15550100", "+0", "+1 555 0100", "+15550100\n", ""])
def test_a_number_that_is_not_in_e164_is_refused_wherever_one_stands(number: str) -> None:
    wrong = complaints(
        {
            "from_number": number,
            "telnyx": {"from_number": number},
            "to_number": number,
            "allow_from": [number],
            "mock": {"phones": {number: {}}},
        }
    )

    assert [*wrong] == [
        ("from_number",),
        ("telnyx", "from_number"),
        ("to_number",),
        ("allow_from", 0),
        ("mock", "phones", number, "[key]"),
    ]


def test_edge_speech_is_refused_with_the_reason() -> None:
    wrong = complaints({"tts": {"provider": "edge"}})

    assert "not for calls" in wrong[("tts", "provider")]
    assert "MP3" in wrong[("tts", "provider")]


@pytest.mark.parametrize("provider", ["siren", 5, ["edge"]])
def test_any_other_unknown_synthesizer_is_simply_not_allowed(provider: object) -> None:
    wrong = complaints({"tts": {"provider": provider}})

    allowed = "Input should be 'embedded', 'elevenlabs', 'openai' or 'deepgram'"
    assert wrong == {("tts", "provider"): allowed}


@pytest.mark.parametrize("path", ["state", "./state", "/a\0b"])
def test_the_store_is_given_by_a_whole_path(path: str) -> None:
    assert ("store", "path") in complaints({"store": {"path": path}})


@pytest.mark.parametrize("language", ["english", "EN", "en_US", "en-US\n", ""])
def test_a_language_is_a_tag(language: str) -> None:
    assert ("language",) in complaints({"language": language})
