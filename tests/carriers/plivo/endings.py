"""How calls end at Plivo: the status, the cause, and who has ended it.

Source: Plivo's list of hangup causes and sources. Its codes from 6000 on, and the one of a
detected machine, are not known for certain: nobody may depend on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the last webhook says; ``source`` is blank for whoever is at the other end."""

    status: str
    cause: str
    name: str
    code: int
    source: str = ""


def end_well(name: str, code: int, source: str = "") -> Ending:
    """The ending of a call that was answered."""
    return Ending(status="completed", cause="NORMAL_CLEARING", name=name, code=code, source=source)


def end_badly(status: str, cause: str, name: str, code: int, source: str = "") -> Ending:
    """The ending of a call that nobody has answered."""
    return Ending(status=status, cause=cause, name=name, code=code, source=source)


# By what has happened.
ENDINGS: Mapping[str, Ending] = {
    "completed": end_well("Normal Hangup", 4000),
    "hung-up": end_well("Normal Hangup", 4000, "API Request"),
    "hangup-element": end_well("Normal Hangup", 4000, "Answer XML"),
    "end-of-document": end_well("End Of XML Instructions", 4010, "Answer XML"),
    "too-long": end_well("Scheduled Hangup", 6000, "Plivo"),
    "machine": end_well("Machine Detected", 3070, "Plivo"),
    "busy": end_badly("busy", "USER_BUSY", "Busy Line", 3010, "Carrier"),
    "no-answer": end_badly("no-answer", "NO_ANSWER", "No Answer", 3000, "Carrier"),
    "ring-timeout": end_badly("timeout", "NO_ANSWER", "Ring Timeout Reached", 6010, "Plivo"),
    "failed": end_badly("failed", "CALL_REJECTED", "Rejected", 3020),
    "canceled": end_badly("cancel", "ORIGINATOR_CANCEL", "Cancelled", 1000, "API Request"),
    "rejected": end_badly("failed", "CALL_REJECTED", "Rejected", 3020, "Answer XML"),
    "told-busy": end_badly("busy", "USER_BUSY", "Busy Line", 3010, "Answer XML"),
    "no-document": end_badly(
        "failed", "NORMAL_CLEARING", "Error Reaching Answer URL", 7011, "Error"
    ),
    "bad-document": end_badly("failed", "NORMAL_CLEARING", "Invalid Answer XML", 8011, "Error"),
}
