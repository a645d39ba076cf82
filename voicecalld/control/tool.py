"""The agents' tool `voice_call`: one method whose action says what to do.

A language model reads the answers, so a refusal is an ordinary answer with the text in it. Only an
action that is spelt exactly right does anything: a misunderstanding must never dial.
"""

from collections.abc import Mapping
from typing import Final

from voicecalld.control.handlers import HANDLERS, Subscribed
from voicecalld.control.parties import Service
from voicecalld.errors import BadParameterError, RequestError
from voicecalld.rpc.json_line import Json, JsonObject

ACTIONS: Final[Mapping[str, str]] = {
    "initiate_call": "voicecall.initiate",
    "continue_call": "voicecall.continue",
    "speak_to_user": "voicecall.speak",
    "send_dtmf": "voicecall.dtmf",
    "end_call": "voicecall.end",
    "get_status": "voicecall.status",
}

LONGEST_SHOWN: Final = 100  # characters of what a model made up


async def use_tool(service: Service, params: Json) -> JsonObject:
    """Do what the tool's arguments say; whatever is refused is told in ``error``."""
    try:
        return await act(service, params)
    except RequestError as error:
        return {"error": str(error)}


async def act(service: Service, params: Json) -> JsonObject:
    """Do what the tool's arguments say."""
    if not isinstance(params, dict):
        raise BadParameterError("parameters must be given by name, in an object")
    action = params.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        shown = repr(action)[:LONGEST_SHOWN]
        raise BadParameterError(f"unknown action {shown}; one of {', '.join(ACTIONS)}")
    # Models fill in what they do not need with null.
    arguments: JsonObject = {
        name: value for name, value in params.items() if name != "action" and value is not None
    }
    if action == "get_status" and "callId" not in arguments:
        raise BadParameterError("callId: is missing", parameter="callId")
    answer = await HANDLERS[ACTIONS[action]].run(service, arguments)
    assert not isinstance(answer, Subscribed), "no action subscribes"
    return answer
