"""Telnyx's commands: as Telnyx's own library would send them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest

from tests.provider.telnyx.asking import GONE
from tests.provider.telnyx.library import sent_by_library
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import ConnectStream, NamedCall
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.telnyx.answer import RECOGNISED_AS, SPOKEN_LANGUAGES
from voicecalld.provider.telnyx.client_state import ClientState, parse_client_state
from voicecalld.provider.telnyx.commands import TelnyxCommands
from voicecalld.provider.telnyx.rest import Account
from voicecalld.provider.voice import Voice

if TYPE_CHECKING:
    from telnyx import Telnyx

CALL = NamedCall(call_id=CallId("call-1"), provider_call_id=ProviderCallId("v3:abc_-"))
OTHER = NamedCall(call_id=CallId("call-2"), provider_call_id=ProviderCallId("v3:def"))
PROOF = "t-1"
STREAM = ConnectStream(stream_url="wss://voice.example.com/voice/stream", token=PROOF)
VOICE = Voice(language="en-GB", name="Telnyx.KokoroTTS.af")


def make(voice: Voice = VOICE) -> TelnyxCommands:
    account = Account(api_key="KEY", connection_id="1", base_url="https://api.telnyx.com")
    return TelnyxCommands(account, voice)


def fields(request: HttpRequest) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(request.body)
    return read


EVERY: Mapping[str, tuple[HttpRequest, Callable[["Telnyx", dict[str, Any]], object]]] = {
    "answer": (make().take(CALL), lambda to, f: to.calls.actions.answer("v3:abc_-", **f)),
    "reject": (
        make().reject(CALL.provider_call_id),
        lambda to, f: to.calls.actions.reject("v3:abc_-", **f),
    ),
    "streaming_start": (
        make().connect(CALL, STREAM),
        lambda to, f: to.calls.actions.start_streaming("v3:abc_-", **f),
    ),
    "speak": (
        make().say(CALL, "Hello.", "turn-1"),
        lambda to, f: to.calls.actions.speak("v3:abc_-", **f),
    ),
    "playback_stop": (
        make().stop_saying(CALL),
        lambda to, f: to.calls.actions.stop_playback("v3:abc_-", **f),
    ),
    "transcription_start": (
        make().listen(CALL, "turn-1"),
        lambda to, f: to.calls.actions.start_transcription("v3:abc_-", **f),
    ),
    "transcription_stop": (
        make().stop_listening(CALL, "turn-1"),
        lambda to, f: to.calls.actions.stop_transcription("v3:abc_-", **f),
    ),
}


@pytest.mark.parametrize("verb", [*EVERY])
def test_telnyx_own_library_knows_each_command_with_these_fields(verb: str) -> None:
    request, ask = EVERY[verb]

    method, url, body = sent_by_library(lambda library: ask(library, fields(request)))

    assert request.url == f"https://api.telnyx.com/v2/calls/v3%3Aabc_-/actions/{verb}"
    assert (method, url.replace("%3A", ":")) == ("POST", request.url.replace("%3A", ":"))
    assert body == fields(request)


@pytest.mark.parametrize("verb", [*EVERY])
def test_every_command_may_be_sent_again_and_shows_who_we_are(verb: str) -> None:
    request, _ = EVERY[verb]

    assert request.is_repeatable
    assert request.headers["authorization"] == "Bearer KEY"


# --- what they say --------------------------------------------------------------------


def test_a_call_is_taken_with_our_id_of_it() -> None:
    taken = fields(make().take(CALL))

    assert parse_client_state(taken["client_state"]) == ClientState(call_id=CallId("call-1"))


def test_a_call_is_rejected_before_it_costs_anything() -> None:
    assert fields(make().reject(CALL.provider_call_id)) == {"cause": "CALL_REJECTED"}


def test_a_stream_has_mulaw_both_ways_and_shows_the_token_twice() -> None:
    connected = fields(make().connect(CALL, STREAM))
    del connected["command_id"]

    assert connected == {
        "stream_url": "wss://voice.example.com/voice/stream",
        "stream_track": "inbound_track",
        "stream_codec": "PCMU",
        "stream_bidirectional_mode": "rtp",
        "stream_bidirectional_codec": "PCMU",
        "stream_bidirectional_sampling_rate": 8000,
        "stream_auth_token": "t-1",
        "custom_parameters": [{"name": "token", "value": "t-1"}],
    }


def test_text_is_spoken_as_it_is() -> None:
    said = fields(make().say(CALL, "<speak>5 < 6 & é</speak>", "turn-1"))

    assert (said["payload"], said["payload_type"]) == ("<speak>5 < 6 & é</speak>", "text")


@pytest.mark.parametrize(
    ("voice", "told"),
    [
        (VOICE, {"voice": "Telnyx.KokoroTTS.af", "language": "en-GB"}),
        (
            Voice(language="cs-CZ", name="Azure.cs-CZ-VlastaNeural"),
            {"voice": "Azure.cs-CZ-VlastaNeural"},  # any language that it does not list is refused
        ),
        (
            Voice(language="en-US", name=""),
            {"voice": "female", "language": "en-US", "service_level": "basic"},
        ),
        # The plain voices of Telnyx speak American English only.
        (
            Voice(language="de-DE", name=""),
            {"voice": "AWS.Polly.Marlene", "language": "de-DE"},
        ),
        (Voice(language="de", name=""), {"voice": "AWS.Polly.Marlene", "language": "de-DE"}),
        (
            Voice(language="en", name=""),
            {"voice": "female", "language": "en-US", "service_level": "basic"},
        ),
    ],
)
def test_the_voice_is_told_as_far_as_telnyx_takes_it(
    voice: Voice, told: Mapping[str, str]
) -> None:
    said = fields(make(voice).say(CALL, "Hello.", "turn-1"))

    for name in ("payload", "payload_type", "command_id", "client_state"):
        del said[name]
    assert said == told


def test_the_languages_are_those_of_telnyx_own_library() -> None:
    from telnyx.types.calls import action_speak_params
    from telnyx.types.calls.google_transcription_language import GoogleTranscriptionLanguage

    hints = get_type_hints(action_speak_params.ActionSpeakParams)

    assert set(get_args(hints["language"])) == SPOKEN_LANGUAGES
    assert set(RECOGNISED_AS.values()) <= set(get_args(GoogleTranscriptionLanguage))


@pytest.mark.parametrize(
    ("language", "told"),
    [("en-US", "en"), ("de", "de"), ("he-IL", "iw"), ("nb-NO", "no"), ("cmn-CN", "zh")],
)
def test_only_the_other_party_is_listened_to_in_the_language_of_the_call(
    language: str, told: str
) -> None:
    listened = fields(make(Voice(language=language, name="")).listen(CALL, "turn-1"))

    assert listened["transcription_tracks"] == "inbound"
    assert listened["transcription_engine"] == "Google"
    assert listened["transcription_engine_config"] == {
        "transcription_engine": "Google",
        "language": told,
        "interim_results": True,
    }


@pytest.mark.parametrize(
    "request_of",
    [
        lambda commands: commands.say(CALL, "Hello.", "turn-1"),
        lambda commands: commands.listen(CALL, "turn-1"),
        lambda commands: commands.stop_listening(CALL, "turn-1"),
    ],
)
def test_what_belongs_to_a_turn_has_its_token_echoed(
    request_of: Callable[[TelnyxCommands], HttpRequest],
) -> None:
    told = fields(request_of(make()))

    assert parse_client_state(told["client_state"]) == ClientState(
        call_id=CallId("call-1"), turn="turn-1"
    )


def test_what_belongs_to_no_turn_leaves_the_token_as_it_is() -> None:
    for request in (make().connect(CALL, STREAM), make().stop_saying(CALL)):
        assert "client_state" not in fields(request)


# --- once and again -------------------------------------------------------------------


def test_the_same_command_has_the_same_id_each_time_and_every_other_another() -> None:
    def build() -> list[HttpRequest]:
        commands = make()
        again = replace(STREAM, token=f"{PROOF} again")
        return [
            commands.take(CALL),
            commands.take(OTHER),
            commands.connect(CALL, STREAM),
            commands.connect(CALL, again),
            commands.say(CALL, "Hello.", "turn-1"),
            commands.say(CALL, "Hello.", "turn-2"),
            commands.say(CALL, "Hello again.", "turn-1"),
            commands.say(OTHER, "Hello.", "turn-1"),
            commands.listen(CALL, "turn-1"),
            commands.listen(CALL, "turn-2"),
            commands.stop_listening(CALL, "turn-1"),
            commands.stop_listening(CALL, "turn-2"),
        ]

    first = [fields(request)["command_id"] for request in build()]
    second = [fields(request)["command_id"] for request in build()]

    assert first == second
    assert len(set(first)) == len(first)


def test_to_stop_is_meant_each_time() -> None:
    assert fields(make().stop_saying(CALL)) == {"stop": "all"}


@pytest.mark.parametrize(("answer", "over"), GONE)
def test_a_command_comes_too_late_when_the_call_is_over(answer: HttpResponse, over: bool) -> None:
    assert make().is_over(answer) is over


def test_an_accepted_command_does_not_come_too_late() -> None:
    assert not make().is_over(HttpResponse(status=200, body=b'{"data":{"result":"ok"}}'))
