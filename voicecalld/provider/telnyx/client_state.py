"""What we write into a call, and every later event of it echoes: whose it is, and which turn.

A ``client_state`` is a text in base64. Ours is JSON: ``{"call":"<id>","turn":"<turn token>"}``. It
comes back in the signed body, so we have written it, or another program of the same account has.
"""

import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from voicecalld.errors import BadMessageError
from voicecalld.ids import CallId
from voicecalld.provider.json_text import parse_json

OURS = re.compile(r"[A-Za-z0-9._~-]{1,256}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientState:
    """What an event echoes; a foreign call has no id of ours, and not every command a turn."""

    call_id: CallId | None = None
    turn: str = ""


def render_client_state(call_id: CallId, turn: str = "") -> str:
    """The text that a command takes along."""
    document = {"call": call_id, "turn": turn}
    return b64encode(json.dumps(document, separators=(",", ":")).encode()).decode("ascii")


def parse_client_state(text: object) -> ClientState:
    """What *text* says; nothing if it is not of ours, whatever else it is."""
    if not isinstance(text, str):
        return ClientState()
    try:
        document = parse_json(b64decode(text, validate=True))
    except (ValueError, BadMessageError):
        return ClientState()
    match document:
        case {"call": str(call), "turn": str(turn)} if OURS.fullmatch(call):
            return ClientState(call_id=CallId(call), turn=turn if OURS.fullmatch(turn) else "")
        case _:
            return ClientState()
