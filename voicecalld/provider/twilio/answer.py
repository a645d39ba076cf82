"""The documents that Twilio's fetches are answered with: TwiML, which is XML.

Source: Twilio's TwiML reference; the tests compare with what its own library writes.
"""

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
from voicecalld.provider.spoken_xml import SpokenVerbs
from voicecalld.provider.voice import Voice
from voicecalld.provider.xml_text import (
    render_next,
    render_reply,
    tag,
    whole_seconds,
)

# Twilio reads 4096 characters in one Say; the rest is for doubt about how it counts.
MOST_SAID_CHARACTERS: Final = 4000

VERBS: Final = SpokenVerbs(speak="Say", pause="Pause", most_characters=MOST_SAID_CHARACTERS)


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


def render_connect(answer: ConnectStream) -> str:
    """The verbs that connect the media stream; when it has ended, they ask or hang up."""
    # The token goes into a parameter: Twilio drops the query of a stream's URL.
    token = tag("Parameter", {"name": "token", "value": answer.token})
    stream = tag("Stream", {"url": answer.stream_url}, inside=token)
    return tag("Connect", inside=stream) + render_next(answer.next_url)


def render_perform(perform: Perform, voice: Voice) -> str:
    """The verbs that press keys, speak, pause and listen, and then ask or hang up."""
    verbs = [tag("Play", {"digits": perform.press})] if perform.press else []
    said = VERBS.render(perform, voice)
    # Who is told nothing of what was heard has no use for a Gather, and one without an action
    # would fetch its own URL for ever.
    if perform.listen is not None and perform.next_url:
        said = render_gather(perform.listen, perform.next_url, voice, said)
    return "".join((*verbs, said, render_next(perform.next_url)))


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
