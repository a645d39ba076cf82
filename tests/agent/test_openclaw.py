from contextlib import aclosing
from dataclasses import replace

import pytest

from tests.agent.chat_rig import BRIEFING, OPENING_HEARD, openclaw_session, outputs, said
from tests.services.openai_chat import Chat, ChatServer, Fault, running, words
from voicecalld.agent.base import Briefing, CallerTurn, EndCall, PressKeys
from voicecalld.agent.openclaw import (
    DOUBT,
    MOST_UNANSWERED,
    OpenclawAgent,
    note_of_interruption,
    session_key,
)
from voicecalld.errors import ServiceError
from voicecalld.net.service_http import open_service_http


def told_to(server: ChatServer) -> list[str]:
    """The message of each request."""
    return [str(asked.messages[1]["content"]) for asked in server.asked]


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
    first, second = told_to(server)

    assert second == f"{DOUBT}\n{first}"
    assert "you saying" in first


async def test_words_without_a_heard_answer_are_told_again_with_the_next_ones() -> None:
    async with (
        running(words("Yes"), words("", Fault.RESET_BEFORE), words("Five")) as server,
        openclaw_session(server) as session,
    ):
        await said(session, OPENING_HEARD)
        cut = CallerTurn(text="what time is it", heard_before="Y", interrupted=True)
        with pytest.raises(ServiceError):
            await said(session, cut)
        await said(session, replace(cut, text="hello?"))
        await said(session, CallerTurn(text="thanks", heard_before="Five"))

    assert told_to(server)[2:] == [
        f"{DOUBT}\n{note_of_interruption(cut)}\nwhat time is it\nhello?",
        "thanks",
    ]


async def test_what_was_said_beside_the_gateway_is_no_answer_of_its_agent() -> None:
    async with (
        running(words("Yes"), words("", Fault.RESET_BEFORE), words("Five")) as server,
        openclaw_session(server) as session,
    ):
        await said(session, OPENING_HEARD)
        with pytest.raises(ServiceError):
            await said(session, CallerTurn(text="what time is it", heard_before="Yes"))
        await said(session, CallerTurn(text="hello?", heard_before="Could you repeat that?"))

    assert told_to(server)[-1] == f"{DOUBT}\nwhat time is it\nhello?"


async def test_an_answer_that_is_heard_once_more_with_a_question_behind_it_is_an_answer() -> None:
    both = "Yes. Are you still there?"

    async with running(words("Yes.")) as server, openclaw_session(server) as session:
        await said(session, OPENING_HEARD)
        for text in ("well", "again"):
            await said(session, CallerTurn(text=text, heard_before=both, is_heard_anew=True))

    assert told_to(server)[1:] == ["well", "again"]


async def test_a_question_that_is_heard_once_more_is_no_answer_that_was_not_heard() -> None:
    pardon = "Could you repeat that?"

    async with running(words("So far")) as server, openclaw_session(server) as session:
        await said(session, CallerTurn(text="hi", heard_before=pardon, is_heard_anew=True))
        await said(session, CallerTurn(text="hello?", heard_before=pardon, is_heard_anew=True))

    assert told_to(server)[1].endswith("hi\nhello?")


async def test_an_answer_that_came_and_was_not_heard_is_no_answer() -> None:
    async with running(words("So far")) as server, openclaw_session(server) as session:
        await said(session, OPENING_HEARD)
        await said(session, replace(OPENING_HEARD, text="hello?"))

    assert told_to(server)[1].endswith('help?"]\nhi\nhello?')


async def test_whoever_goes_on_is_told_of_once() -> None:
    async with (
        running(words("Yes"), words("Fine")) as server,
        openclaw_session(server) as session,
    ):
        await said(session, OPENING_HEARD)
        await said(session, CallerTurn(text="I want", heard_before="Yes"))
        await said(session, CallerTurn(text="I want, please, a table", heard_before="Yes"))
        await said(session, CallerTurn(text="I want please a table", heard_before="Yes"))

    assert told_to(server)[-1] == f"{DOUBT}\nI want please a table"


async def test_keys_that_were_pressed_are_an_answer() -> None:
    pressing = words('<press keys="1"/>')
    async with running(words("Yes"), pressing) as server, openclaw_session(server) as session:
        await said(session, OPENING_HEARD)
        await said(session, CallerTurn(text="press one", heard_before="Yes"))
        await said(session, CallerTurn(text="press two", heard_before="Yes"))

    assert told_to(server)[2] == "press two"


async def test_of_words_in_vain_the_last_ones_are_told() -> None:
    async with running(Chat(status=401)) as server, openclaw_session(server) as session:
        for number in range(20):
            with pytest.raises(ServiceError):
                await said(session, CallerTurn(text=f"try {number}"))

    assert told_to(server)[-1].splitlines()[-MOST_UNANSWERED:] == [
        f"try {number}" for number in range(20 - MOST_UNANSWERED, 20)
    ]


@pytest.mark.parametrize("complaint", ["Error: internal error", "No response from OpenClaw."])
async def test_a_gateway_that_words_its_failure_as_an_answer_has_failed(complaint: str) -> None:
    async with (
        running(Chat(deltas=["So far. ", complaint])) as server,
        openclaw_session(server) as session,
    ):
        heard = []
        with pytest.raises(ServiceError, match="told of a failure"):
            async with aclosing(session.reply(OPENING_HEARD)) as reply:
                heard += [output async for output in reply]

    assert complaint not in str(heard)


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
