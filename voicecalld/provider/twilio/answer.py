"""The documents that Twilio's fetches are answered with: TwiML, which is XML.

Source: Twilio's TwiML reference; the tests compare with what its own library writes.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, assert_never

from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    ConnectStream,
    HangUpCall,
    Listen,
    Perform,
    RejectCall,
)
from voicecalld.provider.http import Reply

XML_TYPE: Final = "text/xml; charset=utf-8"
PROLOG: Final = '<?xml version="1.0" encoding="UTF-8"?>'

# Twilio reads 4096 characters in one Say; the rest is for doubt about how it counts.
MOST_SAID_CHARACTERS: Final = 4000

# What XML 1.0 has no way to write, not even escaped (section 2.2, "Characters").
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How Twilio speaks and listens; ``name`` is empty for the language's own voice."""

    language: str
    name: str


def render_answer(answer: Answer, voice: Voice) -> Reply:
    """The document that tells Twilio *answer*.

    An acknowledgement is empty: right for a status callback, and the end of a call that asks.
    """
    match answer:
        case ConnectStream():
            return render_reply(render_connect(answer))
        case Perform():
            return render_reply(render_perform(answer, voice))
        case RejectCall():
            return render_reply(tag("Reject"))  # it must be the first verb, or the call is billed
        case HangUpCall():
            return render_reply(tag("Hangup"))
        case Acknowledge():
            return Reply()
        case _:
            assert_never(answer)


def render_reply(verbs: str) -> Reply:
    """*verbs* as an answer."""
    return Reply(content_type=XML_TYPE, body=render_document(verbs).encode())


def render_document(verbs: str) -> str:
    """*verbs* as a document."""
    return f"{PROLOG}{tag('Response', inside=verbs)}"


def render_connect(answer: ConnectStream) -> str:
    """The verbs that connect the media stream; when it has ended, they ask or hang up."""
    # The token goes into a parameter: Twilio drops the query of a stream's URL.
    token = tag("Parameter", {"name": "token", "value": answer.token})
    stream = tag("Stream", {"url": answer.stream_url}, inside=token)
    return tag("Connect", inside=stream) + render_next(answer.next_url)


def render_perform(perform: Perform, voice: Voice) -> str:
    """The verbs that press keys, speak, pause and listen, and then ask or hang up."""
    verbs = [tag("Play", {"digits": perform.press})] if perform.press else []
    said = "".join(render_said(perform, voice))
    # Who is told nothing of what was heard has no use for a Gather, and one without an action
    # would fetch its own URL for ever.
    if perform.listen is not None and perform.next_url:
        said = render_gather(perform.listen, perform.next_url, voice, said)
    return "".join((*verbs, said, render_next(perform.next_url)))


def render_said(perform: Perform, voice: Voice) -> Iterator[str]:
    """The verbs that speak, and then pause."""
    attributes = {"voice": voice.name} if voice.name else {}
    attributes["language"] = voice.language
    for part in split_text(clean(perform.say).strip()):
        yield tag("Say", attributes, inside=escape(part, quote=False))
    if perform.pause_s > 0:
        yield tag("Pause", {"length": whole_seconds(perform.pause_s)})


def render_gather(listen: Listen, next_url: str, voice: Voice, said: str) -> str:
    """The verb that says *said* and listens, also meanwhile; what it hears goes to *next_url*."""
    attributes = {
        "input": "dtmf speech",
        "action": next_url,
        "method": "POST",
        "actionOnEmptyResult": "true",  # or silence would be reported by no request at all
        "timeout": whole_seconds(listen.begin_s),
        "speechTimeout": whole_seconds(listen.end_s),  # "auto" is refused by some recognisers
        "language": voice.language,
    }
    return tag("Gather", attributes, inside=said)


def render_next(next_url: str) -> str:
    """The verb that asks at *next_url* what to do, or ends the call."""
    if not next_url:
        return tag("Hangup")
    return tag("Redirect", {"method": "POST"}, inside=escape(clean(next_url), quote=False))


def tag(name: str, attributes: Mapping[str, str] | None = None, *, inside: str = "") -> str:
    """An element; *inside* is XML already, the values of *attributes* are not."""
    pairs = (attributes or {}).items()
    start = name + "".join(f' {key}="{escape(clean(value))}"' for key, value in pairs)
    return f"<{start}>{inside}</{name}>" if inside else f"<{start}/>"


def clean(text: str) -> str:
    """*text* without the characters that no XML document may have."""
    return NOT_XML.sub("", text)


def split_text(text: str) -> Iterator[str]:
    """*text* in parts that Twilio will say, cut between words where that is possible."""
    while len(text) > MOST_SAID_CHARACTERS:
        # Of two ends of the same kind the later one; the end of a sentence is heard the least.
        head = text[:MOST_SAID_CHARACTERS]
        cut = max(head.rfind(end) for end in (". ", "? ", "! ")) + 1 or head.rfind(" ")
        cut = cut if cut > 0 else MOST_SAID_CHARACTERS
        yield text[:cut]
        text = text[cut:].lstrip()
    if text:
        yield text


def whole_seconds(duration_s: float) -> str:
    """*duration_s* as Twilio takes durations: whole seconds, one at least."""
    return str(max(1, math.ceil(duration_s)))
