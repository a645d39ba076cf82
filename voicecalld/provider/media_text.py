"""The messages of a media stream before they are read: whose they are, and the sound in them.

A message with sound comes fifty times a second for each call. Written the usual way it is cut by
position, in half the time that parsing it takes; written in any other way it is parsed.
"""

from collections.abc import Set as AbstractSet

from voicecalld.errors import BadMessageError
from voicecalld.ids import StreamId
from voicecalld.provider.stream_text import MAX_MESSAGE_CHARACTERS


def cut_payload(message: str, begin: int, tail: str) -> str | None:
    """The payload of *message* from *begin* up to *tail*; None if it has to be parsed."""
    if len(message) > MAX_MESSAGE_CHARACTERS or not message.endswith(tail):
        return None
    payload = message[begin : -len(tail)]
    # With either of these it may be JSON of another shape that begins and ends the same.
    return None if '"' in payload or "\\" in payload else payload


def check_stream(
    document: object, stream_id: StreamId, *, field: str, kinds: AbstractSet[str]
) -> None:
    """Refuse messages of *kinds* that do not name *stream_id* in *field*, or come before it.

    Raises:
        BadMessageError: *document* is one of them.
    """
    match document:
        case {"event": str(event), **fields} if event in kinds:
            if not stream_id or fields.get(field) != stream_id:
                raise BadMessageError(f"a {event} message of another stream")
        case _:
            pass  # of a stream as such, or no message at all
