"""From the chunks of one answer to what is said and done, whoever wrote them."""

import json
import re
from typing import Final

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.agent.chat_chunks import CallCollector, ChatChunk, ToolCall
from voicecalld.agent.spoken_text import KEYS, SpokenText
from voicecalld.call.clauses import speakable
from voicecalld.errors import ServiceError

# Twenty minutes of speech. Nobody wants to hear that; a model in a circle writes it.
MOST_SPOKEN_CHARACTERS = 20_000

NOTHING_SAID: Final = {
    "length": "used up its tokens before it had anything to say",
    "content_filter": "was silenced by the filter of its service",
}


class ReplyReader:
    """Takes the chunks of one answer; what ends the call comes behind everything else."""

    def __init__(self, *, tags_are_orders: bool) -> None:
        self._spoken = SpokenText(tags_are_orders=tags_are_orders)
        self._calls = CallCollector()
        self._ends_call = False
        self._has_pressed = False
        self._said = ""
        self._characters = 0
        self._finish = ""

    def feed(self, chunk: ChatChunk) -> list[AgentOutput]:
        """What *chunk* adds.

        Raises:
            ServiceError: the answer has no end.
        """
        self._finish = chunk.finish or self._finish
        for fragment in chunk.fragments:
            self._calls.feed(fragment)
        self._characters += len(chunk.text)
        if self._characters > MOST_SPOKEN_CHARACTERS:
            raise ServiceError("the agent's answer does not come to an end")
        return self._take(self._spoken.feed(chunk.text))

    def finish(self) -> list[AgentOutput]:
        """What is left behind the last chunk.

        Raises:
            ServiceError: there was nothing to say or do (pictures and markup are nothing), or
                keys that no telephone has.
        """
        outputs = self._take(self._spoken.flush())
        for call in self._calls.calls():
            outputs += self._take(order_of(call))
        if self._ends_call:
            outputs.append(EndCall())
        if not (self._has_pressed or self._ends_call or speakable(self._said)):
            raise ServiceError(f"the agent {NOTHING_SAID.get(self._finish, 'said nothing')}")
        return outputs

    def _take(self, outputs: list[AgentOutput]) -> list[AgentOutput]:
        kept: list[AgentOutput] = [output for output in outputs if not isinstance(output, EndCall)]
        self._ends_call = self._ends_call or len(kept) < len(outputs)
        self._has_pressed = self._has_pressed or any(isinstance(o, PressKeys) for o in kept)
        self._said += "".join(output.text for output in kept if isinstance(output, SayText))
        return kept


def order_of(call: ToolCall) -> list[AgentOutput]:
    """What *call* orders; tools that we do not have order nothing.

    Raises:
        ServiceError: the keys are none.
    """
    match call.name:
        case "end_call":
            return [EndCall()]
        case "press_keys":
            return [PressKeys(digits=keys_in(call.arguments))]
        case _:
            return []


def keys_in(arguments: str) -> str:
    """The keys that a call asks for; blanks and hyphens are forgiven.

    Raises:
        ServiceError: there are none, too many, or other ones.
    """
    try:
        fields = json.loads(arguments)
    except (ValueError, RecursionError):
        fields = None
    keys = fields.get("keys") if isinstance(fields, dict) else None
    pressed = re.sub(r"[\s,-]", "", str(keys))
    if KEYS.fullmatch(pressed) is None:
        raise ServiceError("the agent asked for keys that no telephone has")
    return pressed
