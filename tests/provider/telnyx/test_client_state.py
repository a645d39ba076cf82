import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.ids import CallId
from voicecalld.provider.telnyx.client_state import (
    ClientState,
    parse_client_state,
    render_client_state,
)

NAMES = st.text("abcXYZ019._~-", min_size=1, max_size=40)


def encode(document: object) -> str:
    return b64encode(json.dumps(document).encode()).decode()


def test_it_is_compact_json_in_base64() -> None:
    written = render_client_state(CallId("call-1"), "turn-1")

    assert written == b64encode(b'{"call":"call-1","turn":"turn-1"}').decode()


@given(call=NAMES, turn=NAMES | st.just(""))
def test_what_we_have_written_is_read_again(call: str, turn: str) -> None:
    written = render_client_state(CallId(call), turn)

    assert parse_client_state(written) == ClientState(call_id=CallId(call), turn=turn)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        [],
        {},
        True,
        "",
        "hello",
        "====",
        "ü",
        "\ud800",
        "eyJjYWxsIjo0Mn0=",  # {"call":42}
        encode([]),
        encode(None),
        encode({"call": "call-1"}),
        encode({"turn": "turn-1"}),
        encode({"call": "", "turn": ""}),
        encode({"call": None, "turn": ""}),
        encode({"call": "call-1", "turn": None}),
        encode({"call": "call 1", "turn": ""}),
        encode({"call": "../call", "turn": ""}),
        encode({"call": "call-1\n", "turn": ""}),
        encode({"call": "\ud800", "turn": ""}),
        encode({"call": "x" * 257, "turn": ""}),
        f" {encode({'call': 'call-1', 'turn': ''})}",
        f"{encode({'call': 'call-1', 'turn': ''})}\n",
        b64encode(b"\xff\xfe").decode(),
        b64encode(b"[" * 100_000).decode(),
        "A" * 1_000_000,
    ],
)
def test_what_is_foreign_says_nothing_and_is_no_error(text: object) -> None:
    assert parse_client_state(text) == ClientState()


def test_new_fields_do_not_make_it_foreign() -> None:
    text = encode({"call": "call-1", "turn": "turn-1", "more": [1]})

    assert parse_client_state(text) == ClientState(call_id=CallId("call-1"), turn="turn-1")


def test_a_malformed_turn_token_is_none() -> None:
    assert parse_client_state(encode({"call": "call-1", "turn": "a b"})).turn == ""


@given(text=st.text() | st.binary().map(lambda data: b64encode(data).decode()))
def test_any_text_is_foreign_and_no_error(text: str) -> None:
    assert parse_client_state(text) == ClientState()
