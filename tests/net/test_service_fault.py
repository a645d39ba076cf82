"""`describe`: what a refusal means, by its status and its codes, without its words."""

import json

import pytest

from voicecalld.net.service_fault import (
    LONGEST_PAUSE_S,
    FaultKind,
    ServiceFault,
    describe,
    refusal_error,
)


def body_of(document: object) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, FaultKind.BAD_REQUEST, False),
        (401, FaultKind.AUTH, False),
        (402, FaultKind.QUOTA, False),
        (403, FaultKind.AUTH, False),
        (404, FaultKind.NOT_FOUND, False),
        (408, FaultKind.SERVER, True),
        (413, FaultKind.BAD_REQUEST, False),
        (422, FaultKind.BAD_REQUEST, False),
        (429, FaultKind.RATE, True),
        (500, FaultKind.SERVER, True),
        (503, FaultKind.SERVER, True),
        (529, FaultKind.SERVER, True),
        (302, FaultKind.SERVER, True),
    ],
)
def test_a_status_tells_whose_fault_it_is(status: int, kind: FaultKind, retryable: bool) -> None:
    fault = describe(status, b"")

    assert (fault.kind, fault.retryable) == (kind, retryable)


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (429, {"error": {"message": "You exceeded", "type": "insufficient_quota", "code": None}}),
        (429, {"error": {"type": "x", "code": "insufficient_quota"}}),
        (401, {"detail": {"status": "quota_exceeded", "message": "This request exceeds"}}),
        (400, {"err_code": "ASR_PAYMENT_REQUIRED", "err_msg": "Project does not have enough"}),
    ],
)
def test_a_quota_that_is_used_up_is_not_asked_again(status: int, document: object) -> None:
    fault = describe(status, body_of(document))

    assert (fault.kind, fault.retryable) == (FaultKind.QUOTA, False)


def test_the_codes_of_a_refusal_are_told_but_not_its_words() -> None:
    document = {
        "error": {
            "message": "Incorrect API key provided: sk-secret",
            "type": "invalid_request_error",
            "code": "invalid_api_key",
            "param": None,
        }
    }

    fault = describe(401, body_of(document))

    assert fault.text == "status 401, the credential: invalid_request_error, invalid_api_key"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b'"text"',
        b'{"detail":[{"loc":["body"],"msg":"hello there","type":"missing"}]}',
        b'{"error":"words of a caller"}',
        body_of({"error": {"code": "x" * 61, "type": 7, "status": ["a"]}}),
    ],
)
def test_a_body_without_codes_adds_nothing(body: bytes) -> None:
    assert describe(502, body).text == "status 502, the service"


def test_an_error_that_is_but_a_code_is_told() -> None:
    assert describe(401, b'{"error":"unauthorized"}').text.endswith(": unauthorized")


@pytest.mark.parametrize(
    ("text", "pause_s"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        (" 2 ", 2.0),
        ("86400", LONGEST_PAUSE_S),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("-1", None),
        ("nan", None),
        ("\u0663", None),
        ("", None),
    ],
)
def test_a_pause_in_seconds_is_honoured_up_to_a_bound(text: str, pause_s: float | None) -> None:
    assert describe(429, b"", {"retry-after": text}).retry_after_s == pause_s


def test_without_a_header_no_pause_is_asked_for() -> None:
    assert describe(429, b"").retry_after_s is None


def test_a_bad_credential_tells_which_setting_to_see() -> None:
    error = refusal_error("Deepgram", describe(401, b""), setting="[tts.deepgram] api_key")

    assert str(error) == (
        "Deepgram refuses the credential (status 401, the credential): see [tts.deepgram] api_key"
    )


def test_another_fault_blames_no_setting() -> None:
    fault = ServiceFault(kind=FaultKind.RATE, retryable=True, text="status 429, too many requests")

    error = refusal_error("OpenAI", fault, setting="[tts.openai] api_key")

    assert str(error) == "OpenAI refuses (status 429, too many requests)"
