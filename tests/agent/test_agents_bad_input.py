"""Every agent that is a service or a program with every bad input, over real sockets and pipes."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Final

import pytest

from tests.agent.chat_rig import BRIEFING, openai_session, openclaw_session
from tests.agent.programs import ENVIRONMENT, answering, python, shell
from tests.services.bad_input import (
    EMOJI,
    MARKUP,
    TEN_MEBIBYTES,
    Bad,
    Refused,
    leaving_nothing,
    missing_rows,
    patience_for,
    tells_no_secret,
)
from tests.services.openai_chat import Chat, Fault, refusal, running, words
from voicecalld.agent import chat_service, program_process
from voicecalld.agent.base import AgentSession, CallerTurn, SayText
from voicecalld.agent.chat_service import RetryableError
from voicecalld.agent.command import CommandAgent
from voicecalld.call.clauses import LONG_CLAUSE_CHARACTERS, ClauseChunker
from voicecalld.errors import HopelessServiceError, ServiceError
from voicecalld.switchboard.talk import next_output

HI: Final = CallerTurn(text="My secret is safe with you.")
HUGE: Final = CallerTurn(text="word " * (TEN_MEBIBYTES // 5))
SECRETS: Final = ("the-key", "the-token", "secret", "word ")
NOTHING_SAID: Final = Refused(error=ServiceError, reason="said nothing$")
LATE: Final = Refused(error=ServiceError, reason="said nothing in time")
BROKE_OFF: Final = Refused(error=ServiceError, reason="broke off")
NO_END: Final = Refused(error=ServiceError, reason="does not come to an end")
NO_STREAM: Final = Refused(
    error=HopelessServiceError, reason="did not answer with a stream of events"
)


@asynccontextmanager
async def open_openai(chat: Chat) -> AsyncGenerator[AgentSession, None]:
    async with running(chat) as server, openai_session(server) as session:
        yield session


@asynccontextmanager
async def open_openclaw(chat: Chat) -> AsyncGenerator[AgentSession, None]:
    async with running(chat) as server, openclaw_session(server) as session:
        yield session


@asynccontextmanager
async def open_command(argv: Sequence[str]) -> AsyncGenerator[AgentSession, None]:
    async with CommandAgent(argv=argv, environment=ENVIRONMENT).open(BRIEFING) as session:
        yield session


NO_SOUND: Final = frozenset({Bad.HALF_SAMPLE, Bad.MP3_FOR_SOUND, Bad.NO_SOUND})
# No agent sends sound; a program has neither a status nor a content type.
ABSENT: Final = {
    "openai": NO_SOUND,
    "openclaw": NO_SOUND,
    "command": NO_SOUND
    | {Bad.STATUS_401, Bad.STATUS_403, Bad.STATUS_429, Bad.STATUS_500, Bad.WRONG_TYPE},
}

CHATS: Final = {
    Bad.SILENT_BEFORE: (words("So far", Fault.STALL_BEFORE), LATE),
    Bad.SILENT_WITHIN: (words("So far", Fault.STALL_WITHIN), LATE),
    Bad.RESET_BEFORE: (
        words("", Fault.RESET_BEFORE),
        Refused(error=ServiceError, reason="does not answer"),
    ),
    Bad.RESET_WITHIN: (words("So far", Fault.RESET_WITHIN), BROKE_OFF),
    Bad.HALF_EVENT: (words("So far", Fault.HALF_EVENT), BROKE_OFF),
    Bad.WRONG_TYPE: (words("", Fault.HTML), NO_STREAM),
    Bad.JSON_FOR_SOUND: (words("", Fault.JSON), NO_STREAM),
    Bad.HUGE_TEXT: (words("All right"), None),
    Bad.ENDLESS_SENTENCE: (words("", Fault.ENDLESS), NO_END),
    Bad.ONLY_EMOJI: (words(EMOJI), NOTHING_SAID),
    Bad.ONLY_MARKUP: (words(MARKUP), NOTHING_SAID),
    Bad.NO_REPLY: (Chat(), NOTHING_SAID),
}


def refused(error: type[ServiceError], status: int, reason: str) -> tuple[Chat, Refused]:
    """A status whose body quotes the caller, and the key."""
    body = {"message": "My secret: the-key, the-token"}
    return refusal(status, body), Refused(error=error, reason=f"status {status}{reason}")


def chats_of(
    setting: str, *, failed: type[ServiceError]
) -> dict[Bad, tuple[Chat, Refused | None]]:
    """What a service answers, and what becomes of it; *failed* if it may have begun already."""
    return {
        **CHATS,
        Bad.STATUS_401: refused(HopelessServiceError, 401, f".*see {setting}$"),
        Bad.STATUS_403: refused(HopelessServiceError, 403, f".*see {setting}$"),
        Bad.STATUS_429: refused(RetryableError, 429, ", too many requests"),
        Bad.STATUS_500: refused(failed, 500, ", the service"),
    }


PROGRAMS: Final = {
    Bad.SILENT_BEFORE: (shell("exec sleep 60"), LATE),
    Bad.SILENT_WITHIN: (answering("So far", then="time.sleep(60)"), LATE),
    Bad.RESET_BEFORE: (shell("exit 3"), Refused(error=ServiceError, reason="status 3$")),
    Bad.RESET_WITHIN: (
        answering("So far", then="os.kill(os.getpid(), 9)"),
        Refused(error=ServiceError, reason="status -9$"),
    ),
    Bad.HALF_EVENT: (
        shell("""read -r line; printf '{"say": "So'"""),
        Refused(error=ServiceError, reason="no JSON object$"),
    ),
    Bad.JSON_FOR_SOUND: (
        answering('{"error": "My secret"}'),
        Refused(error=ServiceError, reason="orders nothing$"),
    ),
    Bad.HUGE_TEXT: (answering("All right", ""), None),
    Bad.ENDLESS_SENTENCE: (python("while True: print('and so on')"), NO_END),
    Bad.ONLY_EMOJI: (answering(EMOJI, ""), NOTHING_SAID),
    Bad.ONLY_MARKUP: (answering("** __ **", "---", ""), NOTHING_SAID),
    Bad.NO_REPLY: (answering(""), NOTHING_SAID),
}

TABLE: Final = (
    {
        ("openai", bad): (partial(open_openai, chat), expected)
        for bad, (chat, expected) in chats_of(
            r"agent\.openai\.api_key", failed=RetryableError
        ).items()
    }
    | {
        ("openclaw", bad): (partial(open_openclaw, chat), expected)
        for bad, (chat, expected) in chats_of(
            r"agent\.openclaw\.token", failed=ServiceError
        ).items()
    }
    | {
        ("command", bad): (partial(open_command, argv), expected)
        for bad, (argv, expected) in PROGRAMS.items()
    }
)


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_service, "RETRY_S", 0.0)
    monkeypatch.setattr(program_process, "EXIT_S", 30.0)  # some are to end by themselves


def test_the_table_has_every_row_that_an_agent_can_have() -> None:
    assert not missing_rows(TABLE, ABSENT)


async def answer(session: AgentSession, turn: CallerTurn, bad: Bad) -> list[str]:
    """The clauses that are spoken of an answer, with the patience of a call."""
    chunker = ClauseChunker()
    clauses: list[str] = []
    has_begun = False
    async with aclosing(session.reply(turn)) as reply:
        while (
            output := await next_output(reply, patience_for(bad, has_begun=has_begun))
        ) is not None:
            has_begun = True
            clauses += chunker.feed(output.text) if isinstance(output, SayText) else ()
    return [*clauses, *chunker.flush()]


@pytest.mark.parametrize(("name", "bad"), TABLE, ids=str)
async def test_bad_input_is_one_known_error_or_harmless_and_leaves_nothing(
    name: str, bad: Bad
) -> None:
    open_session, expected = TABLE[name, bad]
    turn = HUGE if bad is Bad.HUGE_TEXT else HI

    async with leaving_nothing(), open_session() as session:
        if expected is None:
            assert await answer(session, turn, bad) == ["All right"]
            return
        with pytest.raises(ServiceError, match=expected.reason) as raised:
            await answer(session, turn, bad)
        assert type(raised.value) is expected.error
        assert tells_no_secret(raised.value, *SECRETS)


@pytest.mark.parametrize("text", ["and so on " * 1_500, "x" * 15_000, "\u3042" * 15_000])
async def test_one_long_sentence_is_spoken_in_clauses_of_bounded_length(text: str) -> None:
    async with open_openai(Chat(deltas=[text])) as session:
        clauses = await answer(session, HI, Bad.ENDLESS_SENTENCE)

    assert "".join("".join(clauses).split()) == "".join(text.split())
    assert max(map(len, clauses)) <= LONG_CLAUSE_CHARACTERS


async def test_a_turn_of_ten_mebibytes_is_told_in_a_request_of_a_bounded_length() -> None:
    async with running(words("Yes")) as server, openai_session(server) as session:
        await answer(session, HUGE, Bad.HUGE_TEXT)

    assert len(str(server.asked[0].messages[-1]["content"])) <= 4_000
