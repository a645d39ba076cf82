import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rpc.test_json_line import DOCUMENTS
from voicecalld.rpc.json_line import Json
from voicecalld.rpc.jsonrpc import (
    INVALID_REQUEST,
    MAX_BATCH_REQUESTS,
    PARSE_ERROR,
    Batch,
    Failure,
    Notification,
    Request,
    Result,
    join_responses,
    parse_request,
    render_notification,
    render_response,
)

IDS = st.none() | st.integers() | st.text("ab\n", max_size=3) | st.just(1.5)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2]),
        "id": DOCUMENTS,
        "method": DOCUMENTS,
        "params": DOCUMENTS,
    },
)


def line_of(**members: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


@given(document=MEMBERS | st.lists(MEMBERS, max_size=3) | DOCUMENTS)
def test_any_document_is_a_request_or_gets_a_failure_under_its_own_id(document: Any) -> None:
    parsed = parse_request(json.dumps(document).encode())

    items = parsed.items if isinstance(parsed, Batch) else (parsed,)
    for item, source in zip(
        items, document if isinstance(document, list) else [document], strict=False
    ):
        if isinstance(item, Failure):
            assert item.code == INVALID_REQUEST
        assert isinstance(item, Notification) or item.id is None or item.id == source["id"]


@given(line=st.binary(max_size=64))
def test_rubbish_is_answered_and_never_raises(line: bytes) -> None:
    assert isinstance(parse_request(line), Request | Notification | Batch | Failure)


@given(request_id=IDS, params=st.none() | st.dictionaries(st.text("ab"), st.integers()))
def test_a_request_is_read_as_it_was_written(
    request_id: Any, params: dict[str, int] | None
) -> None:
    members = {"id": request_id, "method": "x"} | ({} if params is None else {"params": params})

    parsed = parse_request(line_of(**members))

    assert parsed == Request(id=request_id, method="x", params=params)  # type: ignore[arg-type] # a dict of numbers is JSON


def test_a_request_without_id_is_a_notification() -> None:
    assert parse_request(line_of(method="x", params=[1])) == Notification(method="x", params=[1])


def test_a_line_that_is_not_json_is_a_parse_error_with_id_null() -> None:
    parsed = parse_request(b"{")

    assert isinstance(parsed, Failure)
    assert (parsed.id, parsed.code) == (None, PARSE_ERROR)


@pytest.mark.parametrize(
    ("document", "request_id", "complaint"),
    [
        ([], None, "an empty batch"),
        ([{}] * 51, None, "a batch of more than 50 requests"),
        (5, None, "not an object"),
        ({"jsonrpc": "2.0", "id": True, "method": "x"}, None, "id must be"),
        ({"jsonrpc": "2.0", "id": {}, "method": "x"}, None, "id must be"),
        ({"jsonrpc": "1.0", "id": 7, "method": "x"}, 7, "jsonrpc must be"),
        ({"id": "a", "method": "x"}, "a", "jsonrpc must be"),
        ({"jsonrpc": "2.0", "id": 1.5, "method": 5}, 1.5, "method must be"),
        ({"jsonrpc": "2.0", "method": None}, None, "method must be"),
        ({"jsonrpc": "2.0", "id": 1, "method": "x", "params": None}, 1, "params must be"),
        ({"jsonrpc": "2.0", "id": 1, "method": "x", "params": "y"}, 1, "params must be"),
    ],
)
def test_a_document_that_is_no_request_is_invalid_and_says_why(
    document: Json, request_id: object, complaint: str
) -> None:
    parsed = parse_request(json.dumps(document).encode())

    assert isinstance(parsed, Failure)
    assert (parsed.id, parsed.code) == (request_id, INVALID_REQUEST)
    assert complaint in parsed.message


def test_a_batch_keeps_its_order_with_a_failure_where_one_cannot_be_read() -> None:
    line = b'[{"jsonrpc":"2.0","id":1,"method":"x"}, 5, {"jsonrpc":"2.0","method":"y"}]'

    parsed = parse_request(line)

    assert isinstance(parsed, Batch)
    first, second, third = parsed.items
    assert first == Request(id=1, method="x")
    assert isinstance(second, Failure)
    assert third == Notification(method="y")


def test_the_largest_batch_is_read() -> None:
    parsed = parse_request(b"[" + b",".join([b"{}"] * MAX_BATCH_REQUESTS) + b"]")

    assert isinstance(parsed, Batch)
    assert len(parsed.items) == MAX_BATCH_REQUESTS


def test_answers_have_the_members_of_the_specification() -> None:
    good = Result(id="a", result={"é": 1})
    bad = Failure(id=None, code=-32602, message="no", data={"parameter": "to"})

    assert render_response(good) == '{"jsonrpc":"2.0","id":"a","result":{"é":1}}\n'.encode()
    batch = join_responses(
        [render_response(bad), render_response(Failure(id=1, code=5, message="m"))]
    )
    assert batch.endswith(b"]\n")
    assert json.loads(batch) == [
        {
            "jsonrpc": "2.0",
            "id": None,
            "error": {"code": -32602, "message": "no", "data": {"parameter": "to"}},
        },
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 5, "message": "m"}},
    ]


def test_what_happened_is_told_without_an_id() -> None:
    line = render_notification(Notification(method="voicecall.event", params={"seq": 1}))

    assert json.loads(line) == {
        "jsonrpc": "2.0",
        "method": "voicecall.event",
        "params": {"seq": 1},
    }
