"""An agent behind any service that speaks ``/chat/completions`` as OpenAI does.

OpenRouter, Ollama, vLLM and llama.cpp are such services. They remember nothing: at every turn they
are told what was said in the call, of our words only what was heard.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from voicecalld.agent.base import (
    AgentOutput,
    AgentSession,
    Briefing,
    CallerTurn,
)
from voicecalld.agent.chat_history import ChatHistory, render_messages
from voicecalld.agent.chat_service import ChatPlace, completions_url
from voicecalld.agent.chat_session import ChatDoor, ChatSession
from voicecalld.agent.instructions import TOOLS, build_instructions
from voicecalld.net.service_http import ServiceHttp


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel:
    """Which model answers, and how; what is None is left to the service."""

    name: str
    max_tokens: int | None = None
    max_tokens_field: str = "max_tokens"
    """OpenAI's own models want ``max_completion_tokens``, most others ``max_tokens``."""
    temperature: float | None = None


class OpenaiAgent:
    """Has *model* answer, which *place* serves; *system_prompt* replaces our instructions."""

    def __init__(
        self, *, http: ServiceHttp, place: ChatPlace, model: ChatModel, system_prompt: str = ""
    ) -> None:
        self._door = ChatDoor(http, place, has_tools=True)
        self._model = model
        self._system_prompt = system_prompt

    async def warm(self) -> None:
        """Open a connection for the next turn; it is best effort, and may be cancelled."""
        await self._door.http.warm(completions_url(self._door.place.base_url))

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        """Take part in one call; what is said in it is forgotten with it."""
        yield ChatSession(self._door, OpenaiTalk(self._model, self._system_prompt, briefing))


class OpenaiTalk:
    """What a service without a memory is told of one call."""

    def __init__(self, model: ChatModel, system_prompt: str, briefing: Briefing) -> None:
        self._model = model
        self._system_prompt = system_prompt
        self._briefing = briefing
        self._history = ChatHistory(briefing.opening)

    def add_turn(self, turn: CallerTurn) -> None:
        """Take the other party's turn, and what they have heard of our last one."""
        self._history.add_turn(turn)

    def add_output(self, output: AgentOutput) -> None:
        """Take what our side says or does."""
        self._history.add_output(output)

    def body(self, *, has_tools: bool) -> Mapping[str, object]:
        """The request: all of the conversation, and the tools of a telephone."""
        instructions = build_instructions(self._system_prompt, self._briefing, has_tools=has_tools)
        fields: dict[str, object] = {
            "model": self._model.name,
            "messages": render_messages(self._history, instructions, has_tools=has_tools),
            "stream": True,
        }
        if has_tools:
            fields["tools"] = TOOLS
        if self._model.max_tokens is not None:
            fields[self._model.max_tokens_field] = self._model.max_tokens
        if self._model.temperature is not None:
            fields["temperature"] = self._model.temperature
        return fields
