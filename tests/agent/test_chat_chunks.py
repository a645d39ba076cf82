import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.agent.chat_chunks import (
    CallCollector,
    CallFragment,
    ChatChunk,
    ToolCall,
    parse_chunk,
)
from voicecalld.errors import ServiceError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "tool_calls", "function", "error", "index", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
)


def test_done_is_the_last() -> None:
    assert parse_chunk("message", "[DONE]") == ChatChunk(is_last=True)


@pytest.mark.parametrize("data", ['{"choices": []}', "{}", '{"choices": [7]}', '{"usage": {}}'])
def test_an_event_without_a_choice_says_nothing(data: str) -> None:
    assert parse_chunk("message", data) == ChatChunk()


def test_arguments_as_an_object_are_taken_as_well() -> None:
    call = {"function": {"name": "press_keys", "arguments": {"keys": "1"}}}
    data = json.dumps({"choices": [{"delta": {"tool_calls": [call]}}]})

    (fragment,) = parse_chunk("message", data).fragments

    assert json.loads(fragment.arguments) == {"keys": "1"}


@pytest.mark.parametrize(
    ("event", "data", "reason"),
    [
        ("message", '{"error": "Secret words"}', "no reason given"),
        ("message", '{"error": {"message": "Secret words", "code": "a b"}}', "no reason given"),
        ("message", '{"error": {"message": "Secret words", "code": 502}}', "502"),
        ("message", '{"choices": [{"finish_reason": "error", "error": {"code": 7}}]}', "7"),
        ("error", "Secret words", "no reason given"),
    ],
)
def test_an_error_is_told_by_its_code_only(event: str, data: str, reason: str) -> None:
    with pytest.raises(ServiceError, match=f"in the middle of its answer: {reason}$"):
        parse_chunk(event, data)


def test_calls_are_put_together_from_their_fragments() -> None:
    collector = CallCollector()
    for fragment in (
        CallFragment(index=0, call_id="a", name="one", arguments="{"),
        CallFragment(index=1, call_id="b", name="two"),
        CallFragment(index=0, arguments="}"),
        CallFragment(index=0, call_id="a", name="one"),
    ):
        collector.feed(fragment)

    assert collector.calls() == (
        ToolCall(name="one", arguments="{}"),
        ToolCall(name="two", arguments=""),
    )


@given(value=JSON, event=st.sampled_from(["message", "error"]))
def test_rubbish_is_a_chunk_or_an_error_of_the_service(value: object, event: str) -> None:
    try:
        chunk = parse_chunk(event, json.dumps(value))
    except ServiceError:
        return

    assert isinstance(chunk, ChatChunk)
