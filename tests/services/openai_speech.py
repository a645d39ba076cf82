"""A simulated server that speaks as OpenAI's does: ``POST /v1/audio/speech``, PCM at 24 kHz."""

import json
from contextlib import AbstractAsyncContextManager
from importlib import import_module

from tests.fakes.speech_fakes import hum
from tests.services.speech_http import Answer, SpeechServer, open_speech_server
from voicecalld.audio.g711 import mulaw_decode
from voicecalld.audio.pcm import resample
from voicecalld.provider.http import HttpRequest

API_KEY = "oa-key-of-these-tests"
RATE_HZ = 24000
CHARACTER_BYTES = 400  # of mu-law at 8 kHz


def speak(request: HttpRequest) -> Answer:
    """What such a server answers."""
    if request.headers.get("authorization") != f"Bearer {API_KEY}":
        return refuse(401, "invalid_api_key")
    fields = json.loads(request.body)
    if request.url != "/v1/audio/speech" or not (fields["model"] and fields["voice"]):
        return refuse(404, "not_found")
    if len(fields["input"]) > 4096:
        return refuse(400, "string_above_max_length")
    if fields.get("response_format") != "pcm":
        return Answer(content_type="audio/mpeg", body=b"ID3" + bytes(1000))
    sound = hum(0, CHARACTER_BYTES * len(fields["input"]))
    pcm = resample(mulaw_decode(sound), 8000, RATE_HZ)
    return Answer(content_type="audio/pcm", body=pcm)


def refuse(status: int, code: str) -> Answer:
    """A refusal as OpenAI words it."""
    body = {"error": {"message": "no", "type": "invalid_request_error", "code": code}}
    return Answer(status=status, content_type="application/json", body=json.dumps(body).encode())


def open_openai_speech(port: int = 0) -> AbstractAsyncContextManager[SpeechServer]:
    """A simulated server for as long as the block lasts."""
    return open_speech_server(speak, port=port)


if __name__ == "__main__":
    # Not by name: it knows all of them, this one as well.
    import_module("tests.services.running").run_one("openai_speech", __doc__)
