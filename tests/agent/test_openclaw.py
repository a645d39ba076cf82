from dataclasses import replace

import pytest

from tests.agent.chat_rig import BRIEFING, OPENING_HEARD, openclaw_session, outputs, said
from tests.services.openai_chat import Chat, running, words
from voicecalld.agent.base import Briefing, CallerTurn, EndCall, PressKeys
from voicecalld.agent.openclaw import OpenclawAgent, session_key
from voicecalld.errors import ServiceError
from voicecalld.net.service_http import open_service_http


async def test_the_gateway_is_told_whose_call_it_is_and_which_agent_answers() -> None:
    async with running(words("Yes")) as server, openclaw_session(server) as session:
        await said(session, OPENING_HEARD)
    (asked,) = server.asked

    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer the-token"
    assert asked.headers["x-openclaw-session-key"] == "voice:+15550100"
    assert asked.headers["x-openclaw-message-channel"] == "voice"
    assert set(asked.body) == {"model", "messages", "stream"}
    assert asked.body["model"] == "openclaw:main"


async def test_only_what_is_new_is_sent() -> None:
    async with running(words("Yes")) as server, openclaw_session(server) as session:
        await said(session, OPENING_HEARD)
        await said(session, CallerTurn(text="and now", heard_before="Yes"))
    first, second = (asked.messages for asked in server.asked)

    assert [message["role"] for message in second] == ["system", "user"]
    assert first[1]["content"] == (
        '[a new call; it began with you saying: "Hello! How can I help?"]\nhi'
    )
    assert second[1]["content"] == "and now"


async def test_a_gateway_that_has_not_answered_is_told_again_how_the_call_began() -> None:
    async with (
        running(Chat(status=500), words("Yes")) as server,
        openclaw_session(server) as session,
    ):
        with pytest.raises(ServiceError):
            await said(session, OPENING_HEARD)
        await said(session, OPENING_HEARD)
    first, second = (asked.messages[1]["content"] for asked in server.asked)

    assert first == second
    assert "you saying" in str(first)


async def test_the_agent_learns_where_it_was_interrupted() -> None:
    async with (
        running(words("Red, green and blue")) as server,
        openclaw_session(server) as session,
    ):
        await said(session, OPENING_HEARD)
        await said(session, CallerTurn(text="red", heard_before="Red,", interrupted=True))

    assert server.asked[1].messages[1]["content"] == (
        '[caller interrupted after: "Red,"; the rest was not heard]\nred'
    )


async def test_keys_that_were_pressed_are_told_in_words_with_what_was_said() -> None:
    async with running(words("Yes")) as server, openclaw_session(server) as session:
        await said(session, OPENING_HEARD)
        await said(session, CallerTurn(text="my number is", digits="12#", heard_before="Yes"))
        await said(session, CallerTurn(text="", digits="*", heard_before="Yes"))

    assert [asked.messages[1]["content"] for asked in server.asked[1:]] == [
        "my number is\n(They pressed these keys of their telephone: 1 2 #)",
        "(They pressed these keys of their telephone: *)",
    ]


async def test_the_agent_ends_the_call_and_presses_keys_by_tags() -> None:
    async with (
        running(words('Bye. <press keys="1 2"/> <end_call/>')) as server,
        openclaw_session(server) as session,
    ):
        answer = await outputs(session, OPENING_HEARD)

    assert PressKeys(digits="12") in answer
    assert answer[-1] == EndCall()
    assert "<end_call/>" in str(server.asked[0].messages[0]["content"])


@pytest.mark.parametrize(
    ("briefing", "key"),
    [
        (BRIEFING, "voice:+15550100"),
        (replace(BRIEFING, direction="outbound"), "voice:+15550199"),
        (replace(BRIEFING, from_number="anonymous"), "voice:call:0190d5c8"),
        (replace(BRIEFING, from_number=""), "voice:call:0190d5c8"),
        (replace(BRIEFING, from_number="+1555\r\nx-evil: 1"), "voice:call:0190d5c8"),
    ],
)
def test_callers_without_a_number_share_no_memory(briefing: Briefing, key: str) -> None:
    assert session_key(briefing) == key


async def test_a_connection_can_be_opened_in_advance() -> None:
    async with running(words("Yes")) as server, open_service_http(most_at_once=4) as http:
        await OpenclawAgent(http=http, base_url=server.base_url, token="t").warm()  # noqa: S106 - a test's

        assert server.connections == 1
