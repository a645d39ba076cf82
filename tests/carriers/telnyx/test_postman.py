import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.carriers.services import utc_clock
from tests.carriers.telnyx.postman import build_request, render_event, render_public_key

KEY = Ed25519PrivateKey.generate()
EVENT = render_event("call.answered", "e1", 1_767_225_600.123456, {"call_control_id": "v3:1"})
URL = "https://calls.example.test/events?callId=1"


def test_a_webhook_is_signed_such_that_telnyxs_own_library_agrees() -> None:
    from telnyx.lib.webhook_verification import WebhookVerificationError, verify_webhook_signature

    request = build_request(KEY, f"{URL}#x", EVENT, unix_s=utc_clock())

    public_key = render_public_key(KEY)
    changed = request.body.replace(b"answered", b"hungup__")
    assert request.url == URL
    verify_webhook_signature(request.body, request.headers, public_key)
    with pytest.raises(WebhookVerificationError, match="Signature"):
        verify_webhook_signature(changed, request.headers, public_key)


def test_an_old_webhook_is_refused_by_telnyxs_own_library() -> None:
    from telnyx.lib.webhook_verification import WebhookVerificationError, verify_webhook_signature

    request = build_request(KEY, URL, EVENT, unix_s=utc_clock() - 400)

    with pytest.raises(WebhookVerificationError, match="too old"):
        verify_webhook_signature(request.body, request.headers, render_public_key(KEY))


def test_times_are_in_utc_with_microseconds() -> None:
    assert b'"occurred_at": "2026-01-01T00:00:00.123456Z"' in EVENT
