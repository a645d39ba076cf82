"""The documents that the mock carrier's webhooks are answered with."""

import json
from typing import assert_never

from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    ConnectStream,
    HangUpCall,
    Perform,
    RejectCall,
)
from voicecalld.provider.http import Reply


def render_answer(answer: Answer) -> Reply:
    """The document that tells the mock carrier *answer*."""
    match answer:
        case ConnectStream(stream_url=url, token=token):
            return render_document({"do": "connect", "stream": url, "token": token})
        case RejectCall():
            return render_document({"do": "reject"})
        case HangUpCall():
            return render_document({"do": "hang-up"})
        case Perform():
            raise ValueError("the mock carrier has no voice of its own")
        case Acknowledge():
            return render_document({})
        case _:
            assert_never(answer)


def render_document(document: dict[str, str]) -> Reply:
    """*document* as an answer."""
    return Reply(content_type="application/json", body=json.dumps(document).encode())
