"""A short call, as voicecall.timeline tells it: it was answered at noon, and lasted 12 seconds."""

from voicecalld.ctl.timeline import Timeline, read_timeline
from voicecalld.rpc.json_line import Json, JsonObject


def at(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"2027-01-15T12:{minutes:02.0f}:{rest:06.3f}Z"


def said(speaker: str, text: str, begin_s: float, end_s: float, **more: Json) -> JsonObject:
    return {"speaker": speaker, "text": text, "at": at(begin_s), "endedAt": at(end_s), **more}


CALL: JsonObject = {
    "callId": "call-0",
    "provider": "mock",
    "direction": "inbound",
    "state": "hangup-user",
    "startedAt": at(0),
    "answeredAt": at(0),
    "endedAt": at(12),
}

SHORT: JsonObject = {
    "call": CALL,
    "utterances": [
        said("bot", "Hello! How can I", 0.0, 2.0, interrupted=True),
        said("user", "What time is it?", 1.8, 4.0),
        said("bot", "It is noon.", 5.0, 7.0),
    ],
    "interruptions": [{"at": at(2.0)}],
    "keys": [
        {"at": at(9.0), "digits": "5", "direction": "in"},
        {"at": at(10.0), "digits": "12", "direction": "out"},
    ],
    "turns": [
        {
            "turn": 2,
            "at": at(7),
            "speechEndedAt": at(4.0),
            "endpointMs": 500.0,
            "transcriptMs": 600.0,
            "firstTextMs": 800.0,
            "firstClauseMs": 850.0,
            "firstAudioMs": 900.0,
            "firstFrameMs": 1000.0,
            "firstMarkMs": 1200.0,
        }
    ],
}


def timeline(**changed: Json) -> Timeline:
    """The short call, with other members."""
    return read_timeline(SHORT | changed)


def empty(**call: Json) -> Timeline:
    """A call on which nothing was said."""
    nothing: JsonObject = {"utterances": [], "interruptions": [], "keys": [], "turns": []}
    return read_timeline({"call": CALL | call, **nothing})
