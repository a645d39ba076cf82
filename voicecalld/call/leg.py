"""The state machine of one call leg: from dialling or ringing to the end.

Rule 1: everything that decides whether an event of the leg is legal is in this file.
Rule 2: this file does not know which carrier it is talking to, nor what is said.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from voicecalld.call.events import (
    Answered,
    Connected,
    Disconnected,
    HungUp,
    LegEvent,
    Placed,
    Rang,
)


class LegState(StrEnum):
    """Where the leg is."""

    NEW = "new"
    DIALING = "dialing"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"
    ENDED = "ended"


# `Placed` may come late: the first webhooks can overtake the answer to the dial. It and `Answered`
# may come again: carriers tell the same with a webhook, with a question, and with the stream.
LEG_TRANSITIONS: Final[Mapping[LegState, Mapping[type[LegEvent], LegState]]] = {
    LegState.NEW: {
        Placed: LegState.DIALING,
        Rang: LegState.RINGING,
        Answered: LegState.ANSWERED,
        Connected: LegState.CONNECTED,
        HungUp: LegState.ENDED,
    },
    LegState.DIALING: {
        Placed: LegState.DIALING,
        Rang: LegState.RINGING,
        Answered: LegState.ANSWERED,  # some mobile networks answer without ringing
        Connected: LegState.CONNECTED,  # sound proves an answer nobody has told us of
        HungUp: LegState.ENDED,
    },
    LegState.RINGING: {
        Placed: LegState.RINGING,
        Answered: LegState.ANSWERED,
        Connected: LegState.CONNECTED,
        HungUp: LegState.ENDED,
    },
    LegState.ANSWERED: {
        Placed: LegState.ANSWERED,
        Answered: LegState.ANSWERED,
        Connected: LegState.CONNECTED,
        HungUp: LegState.ENDED,
    },
    LegState.CONNECTED: {
        Placed: LegState.CONNECTED,
        Answered: LegState.CONNECTED,
        Disconnected: LegState.ANSWERED,
        HungUp: LegState.ENDED,
    },
    LegState.ENDED: {},
}


class Leg:
    """One connection between the carrier and the other party."""

    def __init__(self) -> None:
        self.state = LegState.NEW

    def handle(self, event: LegEvent) -> bool:
        """Take *event*; False, and nothing has changed, if it means nothing in this state."""
        following = LEG_TRANSITIONS[self.state].get(type(event))
        if following is None:
            return False
        self.state = following
        return True
