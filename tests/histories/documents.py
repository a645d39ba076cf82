"""Documents of XML, as carriers read them that ask for them."""

from xml.etree import ElementTree as ET

from tests.histories.dialect import Leg
from tests.security.carriers import PUBLIC_URL, STREAM_URL
from voicecalld.ids import CallId
from voicecalld.switchboard.links import Links

LINKS = Links(webhook_url=PUBLIC_URL, stream_url=STREAM_URL)

# What ends the call: the carrier has nothing more to do.
LAST_VERBS = frozenset({"Hangup", "Reject"})


def read_document(leg: Leg, document: bytes, token: str) -> None:
    """Let *leg* do what a *document* says, whose stream has this *token*, if it connects one."""
    if not document:
        return
    verbs = list(ET.fromstring(document))  # noqa: S314 - it is our own
    if verbs and verbs[0].tag in LAST_VERBS:
        leg.is_alive = False
    leg.next_url = find_next(document) or leg.next_url
    leg.token = token or leg.token


def find_next(document: bytes) -> str:
    """Where the carrier asks when it has done what *document* says; empty if nowhere."""
    root = ET.fromstring(document)  # noqa: S314 - it is our own
    actions = [verb.attrib["action"] for verb in root if "action" in verb.attrib]
    redirections = [verb.text or "" for verb in root if verb.tag == "Redirect"]
    return (actions or redirections or [""])[0]


def mark_hook(leg: Leg, call_id: str) -> None:
    """Make *leg* one with an id of ours, which is in the URL where it is reported."""
    leg.hook = LINKS.for_call(CallId(call_id))
