"""The rules of a call, as the settings and the services want them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.speech_fakes import FakeTranscriber
from tests.switchboard.office import open_office
from tests.switchboard.telnyx_office import build_settings
from voicecalld.audio.activity import SpeechBegan
from voicecalld.call.record import Mode
from voicecalld.call.turn_policy import TurnPolicy
from voicecalld.provider.catalog import build_provider
from voicecalld.settings import Settings
from voicecalld.switchboard.services import ModelPool, Services, build_turn_policy

# Each setting, a value that is no default, and what the rules make of it.
TABLE: list[tuple[str, Any, str, Any]] = [
    ("endpoint_silence_ms", 900, "endpoint_silence_s", 0.9),
    ("endpoint_whole_ms", 250, "endpoint_whole_s", 0.25),
    ("endpoint_dictated_ms", 1_000, "endpoint_dictated_s", 1.0),
    ("endpoint_trailing_ms", 1_500, "endpoint_trailing_s", 1.5),
    ("endpoint_longest_ms", 1_800, "endpoint_longest_s", 1.8),
    ("barge_in_voice_ms", 650, "barge_in_voice_s", 0.65),
    ("echo_share", 0.75, "echo_share", 0.75),
    ("echo_words", 5, "echo_words", 5),
    ("false_interruption_ms", 0, "false_interruption_s", 0.0),
    ("protect_greeting", True, "is_opening_protected", True),
    ("filler", "One moment.", "filler", "One moment."),
    ("filler_after_ms", 800, "filler_after_s", 0.8),
    ("transcription_timeout_ms", 3_000, "transcript_s", 3.0),
    ("silence_timeout_seconds", 12.5, "silence_s", 12.5),
    ("silence_prompt", "Hello?", "silence_prompt", "Hello?"),
    ("apology", "Wait.", "apology", "Wait."),
    ("stall_ms", 1000, "stall_s", 1.0),
    ("repeat_prompt", "What?", "repeat_prompt", "What?"),
]


def build(turn: dict[str, Any], *, has_early_words: bool = False) -> TurnPolicy:
    settings = Settings.model_validate({"turn": turn})
    return build_turn_policy(
        settings, Mode.CONVERSATION, "Hello.", has_early_words=has_early_words
    )


@pytest.mark.parametrize(("key", "value", "name", "meant"), TABLE)
def test_each_setting_of_turns_changes_its_rule_and_no_other(
    key: str, value: object, name: str, meant: object
) -> None:
    changes: dict[str, Any] = {name: meant}

    assert build({key: value}) == replace(build({}), **changes)


def test_the_defaults_are_those_of_the_rules() -> None:
    plain = TurnPolicy(
        mode=Mode.CONVERSATION,
        opening="Hello.",
        endpoint_silence_s=0.7,
        transcript_s=5.0,
        silence_s=30.0,
        silence_prompt="Are you still there?",
        notify_hangup_delay_s=3.0,
        apology=Settings().turn.apology,
        repeat_prompt=Settings().turn.repeat_prompt,
        failure_farewell=Settings().turn.failure_farewell,
    )

    assert build({}) == plain
    assert build({}, has_early_words=True) == replace(plain, has_early_words=True)


async def open_services(*, tells_early: bool = False, **settings: Any) -> Services:
    async with open_office(**settings) as office:
        ears = FakeTranscriber(tells_early=tells_early)
        return replace(office.switchboard.services, transcriber=ears)


@pytest.mark.parametrize(
    ("tells_early", "has_stream", "has_early_words"),
    [(True, True, True), (False, True, False), (True, False, False)],
)
async def test_words_are_early_if_our_transcriber_listens_and_tells_them_early(
    *, tells_early: bool, has_stream: bool, has_early_words: bool
) -> None:
    services = await open_services(tells_early=tells_early)

    policy = services.build_policy(Mode.CONVERSATION, "", has_stream=has_stream)

    assert policy.turn.has_early_words is has_early_words


class Doubtful:
    """Thinks that everything may be speech."""

    def probability(self, window_pcm16k: bytes) -> float:
        return 0.65 if window_pcm16k else 0.0

    def rest(self) -> None: ...


@pytest.mark.parametrize(("guarded", "begins"), [(False, True), (True, False)])
async def test_ears_are_as_sure_as_the_settings_want_while_we_are_heard(
    *, guarded: bool, begins: bool
) -> None:
    services = await open_services(turn={"voice_threshold": 0.6, "voice_threshold_speaking": 0.7})
    voice = services.build_activity(Doubtful())
    voice.guard(is_on=guarded)

    events = voice.feed(b"\x10" * 2000)

    assert any(isinstance(event, SpeechBegan) for event in events) is begins


@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        ({}, ()),
        ({"inbound_policy": "open"}, ("Hello! How can I help?",)),
        ({"turn": {"filler": "One moment."}}, ("One moment.",)),
    ],
)
async def test_what_any_call_may_have_to_say_is_known_in_advance(
    settings: dict[str, Any], texts: tuple[str, ...]
) -> None:
    services = await open_services(**settings)

    assert set(texts) <= set(services.standing_texts)
    assert ("Hello! How can I help?" in services.standing_texts) is bool(
        settings.get("inbound_policy")
    )


def test_a_pool_lends_a_model_again() -> None:
    pool = ModelPool()
    model = pool.take()
    pool.give_back(model)

    assert pool.take() is model


@pytest.mark.parametrize("has_streams", [True, False])
async def test_where_carriers_speak_themselves_no_sound_is_made_in_advance(
    *, has_streams: bool
) -> None:
    services = await open_services()
    settings = build_settings(streaming={"enabled": has_streams})
    provider = build_provider(settings, key=b"")
    access = replace(services.carrier, provider=provider)

    services = replace(services, settings=settings, carriers={access.name: access})

    assert bool(services.standing_texts) is has_streams
