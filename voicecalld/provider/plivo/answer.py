"""The documents that Plivo's fetches are answered with: Plivo XML.

Source: Plivo's XML reference; the tests compare with what its own library writes.
"""

from typing import Final, assert_never
from urllib.parse import urlencode

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
from voicecalld.provider.plivo.signature import TOKEN_FIELD
from voicecalld.provider.spoken_xml import SpokenVerbs
from voicecalld.provider.voice import Voice
from voicecalld.provider.xml_text import (
    clean,
    render_next,
    render_reply,
    render_text,
    tag,
    whole_seconds,
)

# Plivo names no limit. Amazon's voices, which it offers, read 3000 characters at a time.
MOST_SAID_CHARACTERS: Final = 3000

# All that Plivo allows. It cuts off whoever still talks then, but has no other word for how long
# it waits for somebody to begin; their silence behind a word ends it sooner.
LISTENING_S: Final = 60
SILENCE_S: Final = (2, 10)

VERBS: Final = SpokenVerbs(speak="Speak", pause="Wait", most_characters=MOST_SAID_CHARACTERS)


def render_answer(answer: Answer, voice: Voice) -> Reply:
    """The document that tells Plivo *answer*.

    An acknowledgement is a document without verbs: nobody reads it behind a webhook that asks
    nothing, and a call that asks is ended by it, where an empty answer would be a fault in
    Plivo's books.
    """
    match answer:
        case ConnectStream():
            return render_reply(render_connect(answer))
        case Perform():
            return render_reply(render_perform(answer, voice))
        case RejectCall():
            return render_reply(tag("Hangup", {"reason": "rejected"}))
        case HangUpCall():
            return render_reply(tag("Hangup"))
        case Acknowledge():
            return render_reply("")
        case _:
            assert_never(answer)


def render_connect(answer: ConnectStream) -> str:
    """The verbs that connect the media stream; when it has ended, they ask or hang up."""
    attributes = {
        "bidirectional": "true",
        "keepCallAlive": "true",  # or the verbs behind it would not wait for its end
        "audioTrack": "inbound",
        "contentType": "audio/x-mulaw;rate=8000",  # without it Plivo sends another kind of sound
    }
    url = add_token(answer.stream_url, answer.token)
    return tag("Stream", attributes, inside=render_text(url)) + render_next(answer.next_url)


def add_token(stream_url: str, token: str) -> str:
    """*stream_url* with *token* in its query: extra headers take letters and digits alone."""
    field = urlencode({TOKEN_FIELD: clean(token)})
    return f"{stream_url}{'&' if '?' in stream_url else '?'}{field}"


def render_perform(perform: Perform, voice: Voice) -> str:
    """The verbs that press keys, speak, pause and listen, and then ask or hang up."""
    verbs = [render_keys(perform.press)] if perform.press else []
    said = VERBS.render(perform, voice)
    # Who is told nothing of what was heard has no use for listening.
    if perform.listen is not None and perform.next_url:
        said = render_input(perform.listen, perform.next_url, voice, said)
    # Behind an input it is reached after silence only, of which Plivo makes no other report.
    return "".join((*verbs, said, render_next(perform.next_url)))


def render_keys(keys: str) -> str:
    """The verb that presses *keys*; if it were not told to, Plivo would speak meanwhile."""
    return tag("DTMF", {"async": "false"}, inside=render_text(keys))


def render_input(listen: Listen, next_url: str, voice: Voice, said: str) -> str:
    """The verb that says *said* and listens, also meanwhile; what it hears goes to *next_url*."""
    attributes = {
        "action": next_url,
        "method": "POST",
        "inputType": "dtmf speech",
        "executionTimeout": str(LISTENING_S),
        "speechEndTimeout": whole_seconds(listen.end_s, *SILENCE_S),
        "language": voice.language,
    }
    return tag("GetInput", attributes, inside=said)
