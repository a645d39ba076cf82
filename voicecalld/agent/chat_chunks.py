"""What a model's answer is made of, as it comes: the chunks of a stream of chat completions.

Servers differ; what is read here is what OpenAI, OpenRouter, Ollama, vLLM, llama.cpp, Mistral and
OpenClaw's gateway have in common, and where they are known not to. Reasoning
(``reasoning``, ``reasoning_content``) is left out: it is not for the caller.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from voicecalld.errors import ServiceError

# A telephone has two tools; a model that calls more has lost its way.
MOST_CALLS = 8
MOST_ARGUMENT_CHARACTERS = 4096

# An error's code or type, as against a sentence, which may quote what the caller has said.
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFragment:
    """Some of a call of a tool; ``name`` and ``call_id`` come once, the arguments bit by bit."""

    index: int
    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatChunk:
    """One event of the stream: text for the caller, calls, and how the answer ended."""

    text: str = ""
    fragments: tuple[CallFragment, ...] = ()
    finish: str = ""
    is_last: bool = False
    """Nothing follows, not even an account of the tokens."""


def parse_chunk(event: str, data: str) -> ChatChunk:
    """The chunk in one event of the stream.

    Raises:
        ServiceError: it is an error of the server's, or no chunk.
    """
    if event == "error":
        raise error_in_stream(decode_json(data, default={}))
    if data.strip() == "[DONE]":
        return ChatChunk(is_last=True)
    fields = decode_json(data, default=None)
    if not isinstance(fields, dict):
        raise ServiceError("the agent's service sent an event that is no JSON object")
    if fields.get("error"):
        raise error_in_stream(fields["error"])
    choices = fields.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return ChatChunk()  # an account of the tokens, or a sign of life
    return parse_choice(choices[0])


def parse_choice(choice: Mapping[str, object]) -> ChatChunk:
    """The chunk in the first, and for us only, choice."""
    finish = choice.get("finish_reason")
    if finish == "error":
        raise error_in_stream(choice.get("error"))
    delta = choice.get("delta")
    fields = delta if isinstance(delta, dict) else {}
    # A refusal is what the model says to the caller instead.
    text = text_of(fields.get("content")) + text_of(fields.get("refusal"))
    calls = fields.get("tool_calls")
    return ChatChunk(
        text=text,
        fragments=tuple(map(parse_fragment, calls)) if isinstance(calls, list) else (),
        finish=finish if isinstance(finish, str) else "",
    )


def text_of(content: object) -> str:
    """The text of *content*, which Mistral's models give in parts, their thoughts among them."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [
        part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"
    ]
    return "".join(text for text in texts if isinstance(text, str))


def parse_fragment(call: object) -> CallFragment:
    """Some of a call; whatever is missing or strange in it is empty."""
    fields = call if isinstance(call, dict) else {}
    function = fields.get("function")
    function = function if isinstance(function, dict) else {}
    index, call_id, name = fields.get("index"), fields.get("id"), function.get("name")
    arguments = function.get("arguments")
    if isinstance(arguments, dict):  # not according to the protocol, but clear
        arguments = json.dumps(arguments)
    return CallFragment(
        index=index if isinstance(index, int) else 0,
        call_id=call_id if isinstance(call_id, str) else "",
        name=name if isinstance(name, str) else "",
        arguments=arguments if isinstance(arguments, str) else "",
    )


def error_in_stream(error: object) -> ServiceError:
    """The server's *error*, by its code or type; its sentence may quote the caller."""
    fields = error if isinstance(error, dict) else {}
    if isinstance(fields.get("error"), dict):
        fields = fields["error"]
    named = (str(fields[key]) for key in ("code", "type", "status") if fields.get(key))
    reason = next((name for name in named if IDENTIFIER.fullmatch(name)), "no reason given")
    return ServiceError(f"the agent's service failed in the middle of its answer: {reason}")


def decode_json(data: str, *, default: object) -> object:
    """The value that *data* is the JSON of, or *default*."""
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        return default
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A whole call of a tool; ``arguments`` is what the model meant to be a JSON object."""

    name: str
    arguments: str


class CallCollector:
    """Puts the calls of one answer together."""

    def __init__(self) -> None:
        self._calls: list[ToolCall] = []
        self._places: dict[int, int] = {}  # of an index among the calls
        self._ids: dict[int, str] = {}

    def feed(self, fragment: CallFragment) -> None:
        """Take one fragment.

        Raises:
            ServiceError: there are too many, or they are too long.
        """
        if self._begins(fragment):
            self._places[fragment.index] = len(self._calls)
            self._ids[fragment.index] = fragment.call_id
            self._calls.append(ToolCall(name="", arguments=""))
        place = self._places[fragment.index]
        call = self._calls[place]
        self._calls[place] = ToolCall(
            name=call.name or fragment.name, arguments=call.arguments + fragment.arguments
        )
        if len(self._calls) > MOST_CALLS:
            raise ServiceError("the agent called too many tools at once")
        if len(self._calls[place].arguments) > MOST_ARGUMENT_CHARACTERS:
            raise ServiceError("the agent called a tool with arguments without end")

    def _begins(self, fragment: CallFragment) -> bool:
        # Some servers give every call the index 0; then the id tells them apart.
        known = self._ids.get(fragment.index)
        return known is None or bool(
            fragment.name and fragment.call_id and fragment.call_id != known
        )

    def calls(self) -> tuple[ToolCall, ...]:
        """All calls, in the order in which they began."""
        return tuple(self._calls)
