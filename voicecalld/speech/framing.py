"""What a worker process and the daemon say to each other over its pipes.

A request is one line of JSON. An answer is a header (the request's number, the sizes of what
follows), fields as JSON, and a body of bytes. Every answer carries its request's number, so what
is left of an abandoned request can never be taken for the answer to the next one.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from voicecalld.errors import BadMessageError

HEADER: Final = struct.Struct(">III")  # request number, bytes of fields, bytes of body
# An answer is some seconds of sound; more is something else written to the same pipe.
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing that a worker is asked for."""

    number: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a worker made of the request with the same number."""

    number: int
    fields: Mapping[str, object] = field(default_factory=dict)
    body: bytes = b""


def render_request(request: Request) -> bytes:
    """One line, in ASCII whatever the text holds."""
    return json.dumps({"number": request.number, "fields": request.fields}).encode() + b"\n"


def parse_request(line: bytes) -> Request:
    """The request of one line.

    Raises:
        BadMessageError: it is none.
    """
    match parse_json(line):
        case {"number": int(number), "fields": dict(fields)}:
            return Request(number=number, fields=fields)
        case _:
            raise BadMessageError("not a request to a worker")


def render_answer(answer: Answer) -> bytes:
    """Header, fields, body."""
    fields = json.dumps(answer.fields).encode()
    return HEADER.pack(answer.number, len(fields), len(answer.body)) + fields + answer.body


class AnswerReader:
    """Cuts the bytes of a pipe into answers, whatever pieces they arrive in."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that *data* completes, in order; the unfinished one waits.

        Raises:
            BadMessageError: these are not answers; nothing behind them can be read.
        """
        self._pending += data
        answers = []
        while (answer := self._take()) is not None:
            answers.append(answer)
        return answers

    def _take(self) -> Answer | None:
        if len(self._pending) < HEADER.size:
            return None
        number, fields_bytes, body_bytes = HEADER.unpack_from(self._pending)
        if fields_bytes + body_bytes > MOST_BYTES:
            raise BadMessageError("not an answer of a worker")
        body_start = HEADER.size + fields_bytes
        end = body_start + body_bytes
        if len(self._pending) < end:
            return None
        fields = parse_json(bytes(self._pending[HEADER.size : body_start]))
        body = bytes(self._pending[body_start:end])
        del self._pending[:end]
        if not isinstance(fields, dict):
            raise BadMessageError("an answer of a worker without fields")
        return Answer(number=number, fields=fields, body=body)


def parse_json(data: bytes) -> object:
    """The value that *data* is the JSON of.

    Raises:
        BadMessageError: it is none.
    """
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        # Without the cause: it would quote the data, which may be a caller's words.
        raise BadMessageError("a worker's message is not JSON") from None
    return value
