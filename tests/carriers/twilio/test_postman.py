from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from tests.carriers.twilio.postman import build_request

TOKEN = "12345"  # noqa: S105 - the one of Twilio's own examples
FIELDS = {"From": "+13105550142", "CalledCity": "", "SpeechResult": "ça va & merci"}


@pytest.mark.parametrize(
    "url",
    [
        "https://calls.example.test/voice",
        "https://calls.example.test:8443/voice/?b=2&a=%20x",
    ],
)
def test_a_webhook_is_signed_such_that_twilios_own_validator_agrees(url: str) -> None:
    request = build_request(TOKEN, "POST", url + "#rc=2", FIELDS, "t1")

    received = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    signature = request.headers["X-Twilio-Signature"]
    assert request.url == url
    assert received == FIELDS
    assert RequestValidator(TOKEN).validate(url, received, signature)
    assert not RequestValidator(TOKEN).validate(url, {**received, "To": "x"}, signature)


def test_a_webhook_by_get_has_its_parameters_in_the_signed_url() -> None:
    request = build_request(TOKEN, "GET", "https://calls.example.test/voice?a=1", FIELDS, "t1")

    signature = request.headers["X-Twilio-Signature"]
    assert request.body == b""
    assert request.url.startswith("https://calls.example.test/voice?a=1&From=%2B13105550142")
    assert RequestValidator(TOKEN).validate(request.url, {}, signature)
