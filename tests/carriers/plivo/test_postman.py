from urllib.parse import parse_qsl

import pytest
from plivo.utils import validate_v3_signature

from tests.carriers.plivo.postman import build_request, read_patience
from tests.carriers.plivo.signer import Signer
from tests.carriers.postman import Patience

TOKEN = "12345"  # noqa: S105 - it opens nothing
URL = "https://calls.example.test/voice?a=1"
FIELDS = {"From": "13105550142", "ForwardedFrom": "", "Speech": "a table & two chairs"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_sent_is_what_is_signed(method: str) -> None:
    request = build_request(Signer(token=TOKEN), method, URL + "#rc=2", FIELDS)

    received = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    assert request.method == method
    assert request.url.startswith(URL)
    assert "#" not in request.url
    assert received == (FIELDS if method == "POST" else {})
    assert validate_v3_signature(
        method,
        request.url,
        request.headers["X-Plivo-Signature-V3-Nonce"],
        TOKEN,
        request.headers["X-Plivo-Signature-V3"],
        received,
    )


def test_a_document_is_tried_again_as_its_url_says() -> None:
    assert read_patience(URL) == Patience(longest_s=40.0, tries=2, after_silence=True)
    assert read_patience(f"{URL}#rt=5000&rc=3&rp=5xx") == Patience(
        longest_s=5.0, tries=4, after_no_connection=False, after_statuses=frozenset({5})
    )
    assert read_patience(f"{URL}#rp=all&rc=0") == Patience(
        longest_s=40.0, tries=1, after_silence=True, after_statuses=frozenset({4, 5})
    )
