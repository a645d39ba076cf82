"""A simulated Deepgram that speaks: ``POST /v1/speak``. It hums, 50 ms a character."""

import json
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

from tests.fakes.speech_fakes import hum
from tests.services.speech_http import Answer, SpeechServer, open_speech_server
from voicecalld.provider.http import HttpRequest

API_KEY = "dg-key-of-these-tests"
CHARACTER_BYTES = 400


def speak(request: HttpRequest) -> Answer:
    """What Deepgram answers."""
    url = urlsplit(request.url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    if request.headers.get("authorization") != f"Token {API_KEY}":
        return refuse(401, "INVALID_AUTH")
    if url.path != "/v1/speak" or not query.get("model", "").startswith("aura-"):
        return refuse(400, "INVALID_QUERY_PARAMETER")
    text = json.loads(request.body)["text"]
    if len(text) > 2000:
        return refuse(413, "PAYLOAD_TOO_LARGE")
    if (query.get("encoding"), query.get("sample_rate")) != ("mulaw", "8000"):
        return Answer(content_type="audio/mpeg", body=b"ID3" + bytes(1000))
    sound = hum(0, CHARACTER_BYTES * len(text))
    if query.get("container") != "none":
        sound = b"RIFF" + bytes(40) + sound
    return Answer(content_type="audio/mulaw", body=sound)


def refuse(status: int, code: str) -> Answer:
    """A refusal as Deepgram words it."""
    body = {"err_code": code, "err_msg": "no", "request_id": "r"}
    return Answer(status=status, content_type="application/json", body=json.dumps(body).encode())


def open_deepgram_speak(port: int = 0) -> AbstractAsyncContextManager[SpeechServer]:
    """A simulated Deepgram for as long as the block lasts."""
    return open_speech_server(speak, port=port)


if __name__ == "__main__":
    # Not by name: it knows all of them, this one as well.
    import_module("tests.services.running").run_one("deepgram_speak", __doc__)
