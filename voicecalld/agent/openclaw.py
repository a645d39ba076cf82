"""An agent of an OpenClaw Gateway, which remembers its callers itself.

The gateway keeps one history for each session key, so only what is new is sent. As that history
cannot be changed from here, a turn that cut the agent short begins with a note of it. A gateway
does not stop asking for the result of a tool that it did not get, so orders come in tags.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from voicecalld.agent.base import AgentOutput, AgentSession, Briefing, CallerTurn
from voicecalld.agent.chat_history import MOST_TURN_CHARACTERS, told
from voicecalld.agent.chat_service import ChatPlace, completions_url
from voicecalld.agent.chat_session import ChatDoor, ChatSession
from voicecalld.agent.instructions import build_instructions
from voicecalld.net.service_http import ServiceHttp

# Beyond is a word such as "anonymous", which many callers have in common.
NUMBER: Final = re.compile(r"\+[1-9][0-9]{1,14}")

# Of a long answer its last words tell where it was cut.
MOST_HEARD_CHARACTERS = 300


class OpenclawAgent:
    """Has the agent called *agent* answer, by the gateway at *base_url*.

    *model* is what that agent shall think with; without it, that is the gateway's decision.

    *token* gives full power over the gateway, so *base_url* should stay on this machine or in a
    private network.
    """

    def __init__(
        self,
        *,
        http: ServiceHttp,
        base_url: str,
        token: str,
        agent: str = "main",
        model: str = "",
        system_prompt: str = "",
    ) -> None:
        self._headers = {"x-openclaw-message-channel": "voice"}
        if model:
            self._headers["x-openclaw-model"] = model
        self._http = http
        self._base_url = base_url
        self._token = token
        self._agent = agent
        self._system_prompt = system_prompt

    async def warm(self) -> None:
        """Open a connection for the next turn; it is best effort, and may be cancelled."""
        await self._http.warm(completions_url(self._base_url))

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        """Take part in one call; the gateway remembers it under the other party's number."""
        place = ChatPlace(
            base_url=self._base_url,
            setting="agent.openclaw.token",
            api_key=self._token,
            headers={**self._headers, "x-openclaw-session-key": session_key(briefing)},
            # A turn that was sent twice would be in the history twice.
            is_repeatable=False,
        )
        door = ChatDoor(self._http, place, has_tools=False)
        yield ChatSession(door, OpenclawTalk(self._agent, self._system_prompt, briefing))


class OpenclawTalk:
    """What a gateway is told of one call: the last turn, and what it cannot know."""

    def __init__(self, agent: str, system_prompt: str, briefing: Briefing) -> None:
        self._agent = agent
        self._system_prompt = system_prompt
        self._briefing = briefing
        self._message = ""
        self._is_first = True

    def add_turn(self, turn: CallerTurn) -> None:
        """Take the other party's turn; the one before is known to the gateway."""
        notes = (self._note_of_opening(), note_of_interruption(turn), told(turn))
        self._message = "\n".join(filter(None, notes))

    def add_output(self, output: AgentOutput) -> None:
        """The gateway has answered, so it knows how the call began; and what its agent writes."""
        del output
        self._is_first = False

    def body(self, *, has_tools: bool) -> Mapping[str, object]:
        """The request: the new message only."""
        instructions = build_instructions(self._system_prompt, self._briefing, has_tools=has_tools)
        return {
            # Every gateway knows this form; "openclaw/main" came later.
            "model": f"openclaw:{self._agent}",
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": self._message},
            ],
            "stream": True,
        }

    def _note_of_opening(self) -> str:
        opening = self._briefing.opening.strip()[:MOST_TURN_CHARACTERS]
        return f'[a new call; it began with you saying: "{opening}"]' if self._is_first else ""


def note_of_interruption(turn: CallerTurn) -> str:
    """What the agent must know of its last words, if *turn* cut them short."""
    if not turn.interrupted:
        return ""
    heard = turn.heard_before.strip()[-MOST_HEARD_CHARACTERS:]
    return f'[caller interrupted after: "{heard}"; the rest was not heard]'


def session_key(briefing: Briefing) -> str:
    """The name of the gateway's memory: one for each number, or for a call without one."""
    number = briefing.from_number if briefing.direction == "inbound" else briefing.to_number
    if NUMBER.fullmatch(number):
        return f"voice:{number}"
    return f"voice:call:{briefing.call_id}"
