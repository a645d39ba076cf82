"""The URLs that carriers are given: where to report, where to ask, where to bring the audio.

Every webhook's URL names the process that owns the call, so that a balancer in front of several
could tell by it where to go. A stream's does not: Twilio drops the query of a ``<Stream>``'s URL,
so that one is the same for all calls, and the token says whose stream it is.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from voicecalld.ids import CallId

# There is one process today.
NODE = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """``webhook_url`` and ``stream_url`` are as carriers see them."""

    webhook_url: str
    stream_url: str

    def for_call(self, call_id: CallId) -> str:
        """Where the events of a call are reported, and where to ask what to do at its answer."""
        return f"{self.webhook_url}?{urlencode({'callId': call_id, 'node': NODE})}"

    def for_turn(self, call_id: CallId, turn: str) -> str:
        """Where to ask what comes next, once what belongs to the turn token *turn* is done."""
        query = {"callId": call_id, "turn": turn, "node": NODE}
        return f"{self.webhook_url}?{urlencode(query)}"
