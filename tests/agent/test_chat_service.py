"""The bad ways of a service, over real sockets, as a call's turn sees them."""

from contextlib import aclosing

import pytest
import trio
from structlog.testing import capture_logs

from tests.agent.chat_rig import OPENING_HEARD, openai_session, openclaw_session, said
from tests.services.openai_chat import Chat, Fault, refusal, running, words
from voicecalld.agent import chat_service
from voicecalld.agent.base import SayText
from voicecalld.agent.chat_service import completions_url
from voicecalld.errors import HopelessServiceError, ServiceError

SECRETS = ("the-key", "Secret words", "hi")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_service, "RETRY_S", 0.0)
    monkeypatch.setattr(chat_service, "DONE_S", 0.0)


REFUSALS = [
    (refusal(400, {"message": "Secret words", "code": "bad_thing"}), "status 400.*bad_thing"),
    (refusal(401), r"credential.*401.*see agent\.openai\.api_key"),
    (refusal(403), "credential.*403"),
    (refusal(402, {"code": "insufficient_quota"}), "402.*insufficient_quota"),
    (refusal(404, {"code": "model_not_found"}), "404.*model_not_found"),
    (refusal(429), "status 429"),
    (refusal(429, retry_after="60"), "status 429"),
    (refusal(500), "status 500"),
    (refusal(503), "status 503"),
    (Chat(status=302, headers={"location": "/elsewhere"}), "status 302"),
]
FAULTS = [
    (Fault.RESET_BEFORE, "the service does not answer"),
    (Fault.HTML, "did not answer with a stream of events"),
    (Fault.JSON, "did not answer with a stream of events"),
    (Fault.COMPRESSED, "compressed"),
    (Fault.GARBAGE, "no JSON object"),
    (Fault.NOT_AN_OBJECT, "no JSON object"),
    (Fault.HALF_EVENT, "broke off"),
    (Fault.ENDS_EARLY, "broke off"),
    (Fault.CUT, "broke off"),
    (Fault.RESET_WITHIN, "broke off"),
    (Fault.ERROR_EVENT, "in the middle of its answer: server_error"),
    (Fault.NAMED_ERROR, "in the middle of its answer: overloaded"),
    (Fault.BARE_ERROR, "in the middle of its answer: 500"),
    (Fault.FINISHED_BY_ERROR, "in the middle of its answer: no reason given"),
    (Fault.ENDLESS, "the agent's answer does not come to an end"),
    (Fault.ENDLESS_EVENT, "an event without end"),
    (Fault.ENDLESS_THOUGHT, "does not come to an end"),
]
BAD = [*REFUSALS, *((words("So far", fault), reason) for fault, reason in FAULTS)]


@pytest.mark.parametrize(("bad", "reason"), BAD, ids=str)
async def test_a_bad_answer_is_an_error_that_tells_the_reason_and_no_secret(
    bad: Chat, reason: str
) -> None:
    async with running(bad) as server, openai_session(server) as session:
        with pytest.raises(ServiceError, match=reason) as raised:
            await said(session, OPENING_HEARD)

    assert not any(secret in str(raised.value).split() for secret in SECRETS)


@pytest.mark.parametrize(("bad", "reason"), BAD, ids=str)
async def test_a_turn_after_a_bad_answer_succeeds(bad: Chat, reason: str) -> None:
    async with running(bad, bad, words("All well")) as server, openai_session(server) as session:
        answers = []
        for _ in range(3):
            try:
                answers.append(await said(session, OPENING_HEARD))
            except ServiceError:
                continue

    assert answers[-1] == "All well"


@pytest.mark.parametrize("fault", [Fault.NO_DONE, Fault.STALL_BEHIND, Fault.CUT_BEHIND])
async def test_an_answer_that_is_finished_is_whole_however_its_connection_ends(
    fault: Fault,
) -> None:
    async with running(words("All is said", fault)) as server, openai_session(server) as session:
        assert await said(session, OPENING_HEARD) == "All is said"


async def test_an_answer_without_a_reason_to_end_ends_with_done() -> None:
    chat = Chat(deltas=["Yes."], finish="")

    async with running(chat) as server, openai_session(server) as session:
        assert await said(session, OPENING_HEARD) == "Yes."


@pytest.mark.parametrize("bad", [refusal(429), refusal(500), words("", Fault.RESET_BEFORE)])
async def test_what_may_pass_is_asked_for_once_more(bad: Chat) -> None:
    with capture_logs() as logged:
        async with running(bad, words("Here I am")) as server, openai_session(server) as session:
            assert await said(session, OPENING_HEARD) == "Here I am"

    assert len(server.asked) == 2
    assert [entry["service"] for entry in logged] == ["agent.openai"]


@pytest.mark.parametrize("bad", [refusal(401), refusal(400), refusal(429, retry_after="60")])
async def test_what_will_not_pass_is_not_asked_for_again(bad: Chat) -> None:
    async with running(bad, words("Here I am")) as server, openai_session(server) as session:
        with pytest.raises(HopelessServiceError):
            await said(session, OPENING_HEARD)

    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("bad", "times"),
    [(refusal(503), 2), (refusal(500), 1), (words("", Fault.RESET_BEFORE), 1)],
    ids=str,
)
async def test_a_service_that_remembers_is_asked_again_only_if_it_has_not_begun(
    bad: Chat, times: int
) -> None:
    async with running(bad) as server, openclaw_session(server) as session:
        with pytest.raises(ServiceError):
            await said(session, OPENING_HEARD)

    assert len(server.asked) == times


async def test_a_service_that_is_not_there_cannot_be_reached() -> None:
    async with running(words("")) as server:
        pass

    async with openai_session(server) as session:
        with pytest.raises(ServiceError, match="cannot be reached"):
            await said(session, OPENING_HEARD)


@pytest.mark.parametrize("fault", [Fault.STALL_BEFORE, Fault.STALL_WITHIN])
async def test_a_turn_cancelled_while_the_service_is_silent_leaves_no_connection(
    fault: Fault,
) -> None:
    async with running(words("So far", fault)) as server, openai_session(server) as session:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(said, session, OPENING_HEARD)
                await server.until(lambda: bool(server.asked))
                scope.cancel()
        await server.until(lambda: server.open_connections == 0)

    assert scope.cancelled_caught


async def test_a_reply_that_is_closed_early_closes_the_connection() -> None:
    async with (
        running(words("So far", Fault.STALL_WITHIN)) as server,
        openai_session(server) as session,
    ):
        async with aclosing(session.reply(OPENING_HEARD)) as reply:
            assert await anext(reply) == SayText(text="So")
        await server.until(lambda: server.open_connections == 0)

    assert len(server.asked) == 1


async def test_one_turn_after_the_other_has_the_same_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat_service, "DONE_S", 5.0)
    async with running(words("Yes")) as server, openai_session(server) as session:
        for _ in range(3):
            await said(session, OPENING_HEARD)

        assert server.connections == 1


@pytest.mark.parametrize("base", ["http://h/v1", "http://h/v1/", "http://h/v1/chat/completions"])
def test_the_address_may_be_that_of_the_api_or_the_whole(base: str) -> None:
    assert completions_url(base) == "http://h/v1/chat/completions"
