"""One JSON document a line, as both ends of the control socket read and write it.

What cannot be read back unchanged is refused: bytes that are not UTF-8, members given twice,
numbers that are no numbers, lone surrogates. This module is light, since voicecallctl loads it.

Source: RFC 8259, RFC 7493.
"""

import json
import math
from typing import Any, Final, NoReturn, TypeAlias

MAX_LINE_BYTES: Final = 1024 * 1024
"""The longest line that a client may send, its line feed not counted."""

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]


def render_line(document: Json) -> bytes:
    """*document* as one line of UTF-8, with its line feed; JSON leaves no other one in it."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate cannot be sent; it must not keep the rest of an answer from the client.
    return text.encode("utf-8", "replace") + b"\n"


def parse_json(line: bytes) -> Json:
    """Read *line* as one JSON document.

    Raises:
        ValueError: it is not one; the text says why.
    """
    try:
        document: Json = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=parse_object,
            parse_float=parse_finite,
            parse_constant=refuse_constant,
        )
        # An escaped surrogate without its other half is legal JSON and not a character.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return document


def parse_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, unless it names a member twice: readers differ on which one counts."""
    parsed = dict(members)
    if len(parsed) != len(members):
        raise ValueError("an object names a member twice")
    return parsed


def parse_finite(text: str) -> float:
    """A JSON number with a fraction or an exponent, unless it is beyond what a float holds."""
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are JavaScript, not JSON."""
    raise ValueError(f"{name} is not JSON")
