"""The URLs that carriers are given, read back as a carrier's request would have them."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from voicecalld.ids import CallId
from voicecalld.switchboard.links import Links

WEBHOOK_URL = "https://voice.example.com/voice/webhook"
LINKS = Links(webhook_url=WEBHOOK_URL, stream_url="wss://voice.example.com/voice/stream")

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(call_id=texts)
def test_a_link_names_the_call_and_the_process_that_owns_it(call_id: str) -> None:
    parts = urlsplit(LINKS.for_call(CallId(call_id)))

    assert parts._replace(query="").geturl() == WEBHOOK_URL
    assert parse_qs(parts.query) == {"callId": [call_id], "node": ["main"]}


@given(call_id=texts, turn=texts)
def test_a_link_of_a_turn_names_that_as_well(call_id: str, turn: str) -> None:
    parts = urlsplit(LINKS.for_turn(CallId(call_id), turn))

    assert parts._replace(query="").geturl() == WEBHOOK_URL
    assert parse_qs(parts.query) == {"callId": [call_id], "turn": [turn], "node": ["main"]}
