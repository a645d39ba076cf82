"""One call's talk with a service that speaks ``/chat/completions``."""

from collections.abc import AsyncGenerator, Mapping
from typing import Final, Protocol

import structlog

from voicecalld.agent.base import AgentOutput, CallerTurn
from voicecalld.agent.chat_reply import ReplyReader
from voicecalld.agent.chat_service import ChatAnswer, ChatPlace, NoToolsError
from voicecalld.net.service_http import ServiceHttp

log: Final = structlog.get_logger()


class Talk(Protocol):
    """What a service is told of one call, which depends on what it remembers itself."""

    def add_turn(self, turn: CallerTurn) -> None:
        """Take the other party's turn."""

    def add_output(self, output: AgentOutput) -> None:
        """Take what our side has said or done in answer to it."""

    def body(self, *, has_tools: bool) -> Mapping[str, object]:
        """The request for the answer to the last turn."""


class ChatDoor:
    """A service, and whether its model has tools, which shows when it is asked."""

    def __init__(self, http: ServiceHttp, place: ChatPlace, *, has_tools: bool) -> None:
        self.http = http
        self.place = place
        self.has_tools = has_tools

    async def ask(self, talk: Talk) -> ChatAnswer:
        """The answer to the last turn of *talk*, begun.

        Raises:
            ServiceError: the service failed, or refused.
        """
        if self.has_tools:
            try:
                return await self._begin(talk, has_tools=True)
            except NoToolsError:
                pass  # or so it seems: that it answers without them will prove it
        answer = await self._begin(talk, has_tools=False)
        if self.has_tools:
            told = "agent's model has no tools, so it is told to write tags"
            log.info(told, service=self.place.table)
            self.has_tools = False
        return answer

    async def _begin(self, talk: Talk, *, has_tools: bool) -> ChatAnswer:
        answer = ChatAnswer(self.http, self.place, talk.body(has_tools=has_tools))
        await answer.begin()
        return answer


class ChatSession:
    """Our side of one call."""

    def __init__(self, door: ChatDoor, talk: Talk) -> None:
        self._door = door
        self._talk = talk

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        """What the service's model says and does about *turn*, as it is written.

        Raises:
            ServiceError: the service failed; a later turn may succeed.
        """
        self._talk.add_turn(turn)
        answer = await self._door.ask(self._talk)
        try:
            reader = ReplyReader(tags_are_orders=not self._door.has_tools)
            while (chunk := await answer.next_chunk()) is not None:
                for output in reader.feed(chunk):
                    yield output
                    self._talk.add_output(output)
            for output in reader.finish():
                yield output
                self._talk.add_output(output)
        finally:
            await answer.aclose()
