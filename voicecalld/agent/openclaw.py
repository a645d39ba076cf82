"""An agent of an OpenClaw Gateway, which remembers its callers itself.

The gateway keeps one history for each session key, so only what is new is sent. As that history
cannot be changed from here, a turn that cut the agent short begins with a note of it. A gateway
does not stop asking for the result of a tool that it did not get, so orders come in tags.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final, assert_never

from voicecalld.agent.base import (
    AgentOutput,
    AgentSession,
    Briefing,
    CallerTurn,
    EndCall,
    PressKeys,
    SayText,
)
from voicecalld.agent.chat_history import (
    MOST_TURN_CHARACTERS,
    goes_on,
    is_beginning,
    told,
)
from voicecalld.agent.chat_service import ChatPlace, completions_url
from voicecalld.agent.chat_session import ChatDoor, ChatSession
from voicecalld.agent.instructions import build_instructions
from voicecalld.net.service_http import ServiceHttp
from voicecalld.printable import clean_text

# Beyond is a word such as "anonymous", which many callers have in common.
NUMBER: Final = re.compile(r"\+[1-9][0-9]{1,14}")

# Of a long answer its last words tell where it was cut.
MOST_HEARD_CHARACTERS = 300

# Turns in a row of which nothing came; a caller who goes on after that has begun anew.
MOST_UNANSWERED = 8

# There is no key by which a gateway would know that a request is the same one once more.
DOUBT: Final = "[the caller has heard no answer to this yet; you may have been told some of it]"

# Older gateways tell of a failure as if the agent had said so, newer ones that it said nothing.
COMPLAINTS: Final = frozenset({"Error: internal error", "No response from OpenClaw."})


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
            # A turn that was sent twice would be in the history twice, and the second not know it.
            is_repeatable=False,
            complaints=COMPLAINTS,
        )
        door = ChatDoor(self._http, place, has_tools=False)
        yield ChatSession(door, OpenclawTalk(self._agent, self._system_prompt, briefing))


class OpenclawTalk:
    """What a gateway is told of one call: the last turn, and what it cannot know.

    Nobody knows what a gateway has kept of a turn that was cut off, or failed. So what they have
    said since they heard the last answer is told all together, and that it is no news perhaps.
    """

    def __init__(self, agent: str, system_prompt: str, briefing: Briefing) -> None:
        self._agent = agent
        self._system_prompt = system_prompt
        self._briefing = briefing
        self._notes: list[str] = []
        self._words: list[str] = []  # since the last answer
        self._written = ""  # of our side, in answer to the last turn
        self._has_pressed = False
        self._heard = ""
        self._is_first = True

    def add_turn(self, turn: CallerTurn) -> None:
        """Take the other party's turn; what was answered before is known to the gateway."""
        said = told(turn)
        if self._is_first:
            self._notes = [note_of_opening(self._briefing), note_of_interruption(turn)]
        elif self._is_answered(turn):
            self._notes, self._words = [note_of_interruption(turn)], []
        else:
            self._notes = [DOUBT, *(note for note in self._notes if note != DOUBT)]
            if goes_on(self._words[-1], said):
                self._words.pop()
        self._words = [*self._words, said][-MOST_UNANSWERED:]
        self._heard = turn.heard_before.strip()
        self._written, self._has_pressed, self._is_first = "", False, False

    def add_output(self, output: AgentOutput) -> None:
        """Take what our side has said or done."""
        match output:
            case SayText(text=text):
                self._written += text
            case PressKeys():
                self._has_pressed = True
            case EndCall():
                pass  # if there is another turn, it did not end
            case _:
                assert_never(output)

    def body(self, *, has_tools: bool) -> Mapping[str, object]:
        """The request: the new message only."""
        instructions = build_instructions(self._system_prompt, self._briefing, has_tools=has_tools)
        return {
            # Every gateway knows this form; "openclaw/main" came later.
            "model": f"openclaw:{self._agent}",
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": "\n".join(filter(None, [*self._notes, *self._words]))},
            ],
            "stream": True,
        }

    def _is_answered(self, turn: CallerTurn) -> bool:
        """Whether something has come through of the answer to the turn before *turn*."""
        heard = turn.heard_before.strip()
        is_news = heard != self._heard or is_beginning(heard, self._written)
        is_news |= turn.is_heard_anew and is_beginning(self._written, heard)
        # What somebody else has us say is heard as well, and is no answer of the agent's.
        return self._has_pressed or (bool(heard and self._written) and is_news)


def note_of_opening(briefing: Briefing) -> str:
    """How the call *briefing* is about began, which the gateway has not seen."""
    opening = briefing.opening.strip()[:MOST_TURN_CHARACTERS]
    return f'[a new call; it began with you saying: "{opening}"]'


def note_of_interruption(turn: CallerTurn) -> str:
    """What the agent must know of its last words, if *turn* cut them short."""
    if not turn.interrupted:
        return ""
    heard = clean_text(turn.heard_before).strip()[-MOST_HEARD_CHARACTERS:]
    return f'[caller interrupted after: "{heard}"; the rest was not heard]'


def session_key(briefing: Briefing) -> str:
    """The name of the gateway's memory: one for each number, or for a call without one."""
    number = briefing.from_number if briefing.direction == "inbound" else briefing.to_number
    if NUMBER.fullmatch(number):
        return f"voice:{number}"
    return f"voice:call:{briefing.call_id}"
