"""Reads TwiML as Twilio does: verbs with their attributes, and complaints about the others.

Only the verbs of a conversation are known; any other ends the call, with a complaint.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from tests.carriers.xml_reader import DocumentError, XmlReader, is_count, parse_root, text_of

LONGEST_SAY = 4096
LONGEST_PARAMETER = 500  # name and value together
DIGITS = frozenset("0123456789*#wW")

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "Say": frozenset({"voice", "language", "loop"}),
    "Play": frozenset({"loop", "digits"}),
    "Pause": frozenset({"length"}),
    "Gather": frozenset(
        {"action", "method", "input", "timeout", "speechTimeout", "maxSpeechTime", "numDigits"}
        | {"finishOnKey", "hints", "language", "partialResultCallback", "profanityFilter"}
        | {"partialResultCallbackMethod", "actionOnEmptyResult", "speechModel", "enhanced"}
        | {"bargeIn", "debug"}
    ),
    "Redirect": frozenset({"method"}),
    "Hangup": frozenset(),
    "Reject": frozenset({"reason"}),
    "Connect": frozenset({"action", "method"}),
    "Stream": frozenset({"url", "name", "track", "statusCallback", "statusCallbackMethod"}),
    "Parameter": frozenset({"name", "value"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak with the carrier's voice."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayDigits:
    """Press keys towards the other party; ``w`` waits."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Wait."""

    length_s: int


Prompt: TypeAlias = Say | PlayDigits | Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Listen for words or keys, while and after the prompts are heard."""

    prompts: tuple[Prompt, ...]
    action: str
    method: str
    takes_speech: bool
    takes_digits: bool
    begin_s: float
    end_s: float
    most_digits: int | None
    finish_key: str
    acts_on_empty: bool
    barge_in: bool
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Do not take the call."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectStream:
    """Connect the call's sound to a media stream, both ways, until that ends."""

    url: str
    parameters: Mapping[str, str]
    status_url: str


Verb: TypeAlias = Prompt | Gather | Redirect | Hangup | Reject | ConnectStream


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document, and what Twilio's debugger says of it: code and text."""

    verbs: tuple[Verb, ...]
    complaints: tuple[tuple[int, str], ...]


def parse_twiml(text: str) -> Document:
    """Read a document.

    Raises:
        DocumentError: it is not TwiML, or has a verb that is unknown here.
    """
    reader = Reader(ATTRIBUTES, 12200)
    verbs = tuple(reader.read(element) for element in parse_root(text, 12100))
    return Document(verbs=verbs, complaints=tuple(reader.complaints))


class Reader(XmlReader):
    """Reads elements, and collects complaints."""

    def read(self, element: ET.Element) -> Verb:
        """One verb."""
        self.check_attributes(element)
        match element.tag:
            case "Say" | "Play" | "Pause":
                return self.read_prompt(element)
            case "Gather":
                return self.read_gather(element)
            case "Redirect":
                return Redirect(url=text_of(element), method=element.get("method", "POST"))
            case "Hangup":
                return Hangup()
            case "Reject":
                return Reject(reason=element.get("reason", "rejected"))
            case "Connect":
                return self.read_connect(element)
            case tag:
                raise DocumentError(12200, f"no verb of this simulator: {tag}")

    def read_prompt(self, element: ET.Element) -> Prompt:
        """A verb that may also be inside of Gather."""
        if element.tag == "Pause":
            return Pause(length_s=self.read_count(element, "length", 1))
        if element.tag == "Play":
            digits = element.get("digits", "")
            if not digits or set(digits) - DIGITS:
                raise DocumentError(12200, "this simulator plays digits only: 0-9 * # w W")
            return PlayDigits(digits=digits)
        text = text_of(element)
        if not text or len(text) > LONGEST_SAY:
            self.complaints.append((13520, f"Say has {len(text)} characters"))
        return Say(text=text)

    def read_gather(self, element: ET.Element) -> Gather:
        """A Gather with its prompts."""
        for child in element:
            self.check_attributes(child)
            if child.tag not in {"Say", "Play", "Pause"}:
                raise DocumentError(12200, f"{child.tag} inside of Gather")
        inputs = set(element.get("input", "dtmf").split())
        if not inputs or inputs - {"dtmf", "speech"}:
            self.complaints.append((13334, "Gather: input is neither dtmf nor speech"))
        begin_s = self.read_count(element, "timeout", 5)
        digits = element.get("numDigits")
        return Gather(
            prompts=tuple(self.read_prompt(child) for child in element),
            action=element.get("action", ""),
            method=element.get("method", "POST"),
            takes_speech="speech" in inputs,
            takes_digits="dtmf" in inputs,
            begin_s=begin_s,
            end_s=self.read_speech_timeout(element, begin_s),
            most_digits=None if digits is None else self.read_count(element, "numDigits", 1),
            finish_key=element.get("finishOnKey", "#"),
            acts_on_empty=self.read_flag(element, "actionOnEmptyResult", default=False),
            barge_in=self.read_flag(element, "bargeIn", default=True),
            language=element.get("language", "en-US"),
        )

    def read_speech_timeout(self, element: ET.Element, begin_s: int) -> float:
        """How much silence ends what the other party says, in seconds."""
        text = element.get("speechTimeout")
        if text is None:
            return begin_s
        if text == "auto":
            if element.get("speechModel", "default") == "default":
                self.complaints.append((13335, "speechTimeout auto needs another speechModel"))
            return 1.0
        if not is_count(text) or text == "0":
            self.complaints.append((13327, f"speechTimeout is {text!r}"))
            return begin_s
        return int(text)

    def read_connect(self, element: ET.Element) -> ConnectStream:
        """A Connect, which is of use with one Stream only."""
        if [child.tag for child in element] != ["Stream"]:
            raise DocumentError(12200, "this simulator connects one Stream only")
        stream = element[0]
        self.check_attributes(stream)
        url = urlsplit(stream.get("url", ""))
        if url.scheme != "wss" or not url.netloc:
            raise DocumentError(31922, "the URL of a stream is not wss")
        if url.query or url.fragment:
            self.complaints.append((31941, "the URL of a stream has a query, which gets lost"))
        if stream.get("track", "inbound_track") != "inbound_track":
            raise DocumentError(31941, "a stream in both ways has the inbound track only")
        return ConnectStream(
            url=url._replace(query="", fragment="").geturl(),
            parameters=dict(self.read_parameter(child) for child in stream),
            status_url=stream.get("statusCallback", ""),
        )

    def read_parameter(self, element: ET.Element) -> tuple[str, str]:
        """Name and value."""
        if element.tag != "Parameter":
            raise DocumentError(12200, f"{element.tag} inside of Stream")
        self.check_attributes(element)
        name, value = element.get("name", ""), element.get("value", "")
        if not name or len(name) + len(value) > LONGEST_PARAMETER:
            self.complaints.append((12200, "a Parameter is too long, or has no name"))
        return name, value
