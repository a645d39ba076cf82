"""What Telnyx's commands are told: how to speak, how to listen, where to bring the audio.

Telnyx reads nothing in our answers to its webhooks, so there is no document here.

Source: Telnyx's reference of its call commands; the tests compare with what its own library sends.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from voicecalld.provider.base import ConnectStream
from voicecalld.provider.telnyx.voices import PLAIN_LANGUAGE, POLLY, find_language
from voicecalld.provider.voice import Voice

Fields: TypeAlias = Mapping[str, object]

# Known to the simplest of its services, which speaks American English only.
PLAIN_VOICE: Final = "female"

# Any other is refused, also along with a voice that speaks it.
SPOKEN_LANGUAGES: Final = frozenset(POLLY)

# Where the recogniser has another code for a language than BCP 47.
RECOGNISED_AS: Final[Mapping[str, str]] = {
    "arb": "ar",
    "cmn": "zh",
    "he": "iw",
    "nb": "no",
    "nn": "no",
}


def build_speech(text: str, voice: Voice) -> Fields:
    """The fields that have *text* spoken: as it is, whatever looks like markup in it."""
    return {"payload": text, "payload_type": "text", **build_voice(voice)}


def build_voice(voice: Voice) -> Fields:
    """The fields that choose who speaks: *voice*, or else somebody of its language."""
    if voice.name:
        known = {"language": voice.language} if voice.language in SPOKEN_LANGUAGES else {}
        return {"voice": voice.name, **known}
    language = find_language(voice.language)
    if language is None or language == PLAIN_LANGUAGE:
        return {"voice": PLAIN_VOICE, "language": PLAIN_LANGUAGE, "service_level": "basic"}
    return {"voice": f"AWS.Polly.{POLLY[language]}", "language": language}


def build_recogniser(language: str) -> Fields:
    """The fields that have the other party's words made out, and told before they are final."""
    spoken = language.partition("-")[0]
    engine = "Google"
    return {
        "transcription_engine": engine,
        "transcription_engine_config": {
            "transcription_engine": engine,
            "language": RECOGNISED_AS.get(spoken, spoken),
            "interim_results": True,
        },
        "transcription_tracks": "inbound",  # our own voice is on the other one
    }


def build_stream(answer: ConnectStream) -> Fields:
    """The fields that bring the audio to us and ours to the other party, both as mu-law."""
    return {
        "stream_url": answer.stream_url,
        "stream_track": "inbound_track",
        "stream_codec": "PCMU",
        # Without it Telnyx waits for files of MP3, and drops what we say.
        "stream_bidirectional_mode": "rtp",
        "stream_bidirectional_codec": "PCMU",
        "stream_bidirectional_sampling_rate": 8000,
        "stream_auth_token": answer.token,
        "custom_parameters": [{"name": "token", "value": answer.token}],
    }
