import json
from contextlib import aclosing

import pytest

from tests.agent.chat_rig import (
    BRIEFING,
    OPENING_HEARD,
    openai_agent,
    openai_session,
    outputs,
    said,
    spoken,
)
from tests.services.openai_chat import Chat, more, refusal, running, tool, words
from voicecalld.agent.base import CallerTurn, EndCall, PressKeys, SayText
from voicecalld.agent.openai import ChatModel
from voicecalld.errors import ServiceError
from voicecalld.net.service_http import open_service_http


def conversation(messages: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(message["role"], message["content"]) for message in messages[1:]]


async def test_the_answer_comes_as_it_is_written() -> None:
    async with running(words("Good morning to you")) as server, openai_session(server) as session:
        answer = await outputs(session, OPENING_HEARD)

    assert answer == [SayText(text=t) for t in ("Good", " morning", " to", " you")]


async def test_the_request_has_the_model_the_key_and_what_the_settings_add() -> None:
    model = ChatModel(
        name="a-model", max_tokens=99, max_tokens_field="max_completion_tokens", temperature=0.5
    )
    async with (
        running(words("Yes")) as server,
        openai_session(server, model=model, prompt="You are Kim.") as session,
    ):
        await said(session, OPENING_HEARD)
    (asked,) = server.asked

    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer the-key"
    assert asked.headers["x-title"] == "calls"
    assert asked.body["model"] == "a-model"
    assert asked.body["stream"] is True
    assert asked.body["max_completion_tokens"] == 99
    assert asked.body["temperature"] == 0.5
    assert str(asked.messages[0]["content"]).startswith("You are Kim.\nThey called you.")


async def test_what_is_not_set_is_left_to_the_service() -> None:
    async with running(words("Yes")) as server, openai_session(server) as session:
        await said(session, OPENING_HEARD)

    assert set(server.asked[0].body) == {"model", "messages", "stream", "tools"}
    assert "spoken aloud" in str(server.asked[0].messages[0]["content"])


async def test_only_what_was_heard_of_our_words_is_remembered() -> None:
    async with (
        running(words("We have red, green and blue.")) as server,
        openai_session(server) as session,
    ):
        await said(session, OPENING_HEARD)
        await said(session, CallerTurn(text="red", heard_before="We have red", interrupted=True))

    assert conversation(server.asked[1].messages) == [
        ("user", "hi"),
        ("assistant", "We have red\u2026"),
        ("user", "red"),
    ]
    assert 'with: "Hello! How can I help?"' in str(server.asked[1].messages[0]["content"])


async def test_a_turn_that_failed_is_remembered_as_theirs_alone() -> None:
    async with running(refusal(401), words("Yes")) as server, openai_session(server) as session:
        with pytest.raises(ServiceError):
            await said(session, OPENING_HEARD)
        await said(session, CallerTurn(text="hello?", heard_before="Hello! How can I help?"))

    assert conversation(server.asked[1].messages) == [("user", "hi\nhello?")]


async def test_pressed_digits_are_a_part_of_the_turn() -> None:
    async with running(words("Yes")) as server, openai_session(server) as session:
        await said(session, CallerTurn(text="my number is", digits="12#"))

    assert conversation(server.asked[0].messages) == [
        ("user", "my number is\n(They pressed these keys of their telephone: 1 2 #)")
    ]


async def test_the_call_is_ended_behind_the_farewell_wherever_the_tool_was_called() -> None:
    chat = Chat(deltas=[tool("end_call", "{}"), "Good", "bye!"], finish="tool_calls")

    async with running(chat) as server, openai_session(server) as session:
        answer = await outputs(session, OPENING_HEARD)

    assert answer == [SayText(text="Good"), SayText(text="bye!"), EndCall()]


async def test_keys_are_pressed_behind_the_words_and_remembered_as_a_call_with_its_result() -> (
    None
):
    pressing = Chat(deltas=["One moment.", tool("press_keys", '{"ke'), more('ys": "1 2-#"}')])
    async with running(pressing, words("Done")) as server, openai_session(server) as session:
        answer = await outputs(session, OPENING_HEARD)
        await said(session, CallerTurn(text="thanks", heard_before="One moment."))

    assert answer == [SayText(text="One moment."), PressKeys(digits="12#")]
    _, user, ours, result, _ = server.asked[1].messages
    assert user["content"] == "hi"
    assert ours["content"] == "One moment."
    calls = ours["tool_calls"]
    assert isinstance(calls, list)
    (call,) = calls
    assert json.loads(call["function"]["arguments"]) == {"keys": "12#"}
    assert result == {"role": "tool", "tool_call_id": call["id"], "content": "pressed"}


async def test_calls_that_only_their_ids_tell_apart_are_two() -> None:
    chat = Chat(
        deltas=[
            tool("press_keys", '{"keys": "1"}', call_id="a"),
            tool("press_keys", '{"keys": "2"}', call_id="b"),
        ]
    )

    async with running(chat) as server, openai_session(server) as session:
        answer = await outputs(session, OPENING_HEARD)

    assert answer == [PressKeys(digits="1"), PressKeys(digits="2")]


@pytest.mark.parametrize(
    ("deltas", "finish", "reason"),
    [
        ([], "stop", "the agent said nothing"),
        (["  \n"], "stop", "the agent said nothing"),
        (["<think>So the caller wants"], "stop", "the agent said nothing"),
        ([{"reasoning_content": "Let me think"}], "length", "used up its tokens"),
        ([], "content_filter", "silenced by the filter"),
        ([tool("fly_away", "{}")], "tool_calls", "the agent said nothing"),
        ([tool("press_keys", '{"keys": "call me"}')], "tool_calls", "no telephone has"),
        ([tool("press_keys", '{"keys": "'), "Yes"], "tool_calls", "no telephone has"),
        ([tool("press_keys", "[1]")], "tool_calls", "no telephone has"),
        ([tool("press_keys", "x" * 5_000)], "tool_calls", "arguments without end"),
        ([tool("end_call", index=n) for n in range(9)], "tool_calls", "too many tools"),
    ],
)
async def test_an_answer_with_nothing_to_say_or_do_is_an_error(
    deltas: list[str | dict[str, object]], finish: str, reason: str
) -> None:
    chat = Chat(deltas=deltas, finish=finish)

    async with running(chat) as server, openai_session(server) as session:
        with pytest.raises(ServiceError, match=reason):
            await said(session, OPENING_HEARD)


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning": "Hmm"}, {"reasoning_content": "Hmm"}, "Yes."],
        ["<th", "ink>Hm", "m</th", "ink>", "Yes."],
        [{"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Yes."}]}],
        [{"refusal": "Yes."}],
    ],
)
async def test_thoughts_are_never_spoken(deltas: list[str | dict[str, object]]) -> None:
    async with running(Chat(deltas=deltas)) as server, openai_session(server) as session:
        assert await said(session, OPENING_HEARD) == "Yes."


async def test_a_model_without_tools_is_told_once_to_write_tags() -> None:
    no_tools = refusal(400, {"message": "a-model does not support tools"})
    bye = words('Press <press keys="1"/> and bye. <end_call/>')
    async with running(no_tools, bye) as server, openai_session(server) as session:
        answer = await outputs(session, OPENING_HEARD)
        await outputs(session, CallerTurn(text="wait", heard_before="Press and bye."))

    assert PressKeys(digits="1") in answer
    assert answer[-1] == EndCall()
    assert spoken(answer).split() == ["Press", "and", "bye."]
    assert ["tools" in asked.body for asked in server.asked] == [True, False, False]
    assert "<end_call/>" in str(server.asked[1].messages[0]["content"])
    assert server.asked[2].messages[2]["content"] == 'Press and bye.<press keys="1"/>'


async def test_tools_are_given_up_only_when_there_is_an_answer_without_them() -> None:
    no_tools = refusal(400, {"message": "messages[3]: tool_call_id is unknown"})
    answers = (no_tools, refusal(401), words("Yes"))
    async with running(*answers) as server, openai_session(server) as session:
        with pytest.raises(ServiceError):
            await said(session, OPENING_HEARD)
        await said(session, OPENING_HEARD)

    assert ["tools" in asked.body for asked in server.asked] == [True, False, True]


async def test_a_reply_closed_at_keys_that_were_not_pressed_forgets_them() -> None:
    pressing = Chat(deltas=[tool("press_keys", '{"keys": "1"}')])
    async with running(pressing, words("Yes")) as server, openai_session(server) as session:
        async with aclosing(session.reply(OPENING_HEARD)) as reply:
            assert await anext(reply) == PressKeys(digits="1")
        await said(session, CallerTurn(text="wait", heard_before="Hello! How can I help?"))

    assert conversation(server.asked[1].messages) == [("user", "hi\nwait")]


async def test_a_connection_can_be_opened_in_advance() -> None:
    async with running(words("Yes")) as server, open_service_http(most_at_once=4) as http:
        agent = openai_agent(http, server)
        await agent.warm()
        async with agent.open(BRIEFING) as session:
            await said(session, OPENING_HEARD)

        assert server.connections == 1
