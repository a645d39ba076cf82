"""Reads Plivo's XML as Plivo does: elements with their attributes, complaints about the others.

Only the elements of a conversation are known; any other ends the call, with a complaint.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from tests.carriers.plivo.wire import FORMATS, KEYS, SoundFormat, Warned
from tests.carriers.xml_reader import DocumentError, XmlReader, parse_root, text_of

LONGEST_EXTRA_HEADERS_BYTES = 512
AUTO_S = 1.0  # what the recogniser takes for the end of a sentence by itself

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "Speak": frozenset({"voice", "language", "loop"}),
    "Wait": frozenset({"length", "silence", "minSilence", "beep"}),
    "DTMF": frozenset({"async"}),
    "GetInput": frozenset(
        {"action", "method", "inputType", "executionTimeout", "digitEndTimeout"}
        | {"speechEndTimeout", "finishOnKey", "numDigits", "speechModel", "hints", "language"}
        | {"interimSpeechResultsCallback", "interimSpeechResultsCallbackMethod", "log"}
        | {"redirect", "profanityFilter"}
    ),
    "Redirect": frozenset({"method"}),
    "Hangup": frozenset({"reason"}),
    "Stream": frozenset(
        {"bidirectional", "audioTrack", "streamTimeout", "statusCallbackUrl", "contentType"}
        | {"statusCallbackMethod", "extraHeaders", "keepCallAlive"}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Speak with the carrier's voice; 0 times is for ever."""

    text: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait."""

    length_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Press keys towards the other party; ``w`` and ``W`` wait."""

    digits: str
    is_async: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GetInput:
    """Listen for words or keys, while and after the prompts are heard."""

    prompts: tuple[Speak | Wait, ...]
    action: str
    method: str
    takes_speech: bool
    takes_digits: bool
    longest_s: float
    """How long input is taken behind the prompts, whether somebody talks or not."""
    digit_end_s: float
    speech_end_s: float
    most_digits: int
    finish_key: str
    goes_on_there: bool
    """Whether the action's document replaces this one, or only gets to know the input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End the call, or do not take it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Connect the call's sound to a media stream."""

    url: str
    format: SoundFormat
    is_bidirectional: bool
    keeps_call_alive: bool
    longest_s: float
    extra_headers: str
    status_url: str
    status_method: str

    @property
    def parameters(self) -> Mapping[str, str]:
        """Everything by which the customer can tell whose stream it is."""
        query = dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))
        return {**query, **split_headers(self.extra_headers)}


Element: TypeAlias = Speak | Wait | Keys | GetInput | Redirect | Hangup | Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document, and what Plivo's debugger says of it: code and text."""

    elements: tuple[Element, ...]
    complaints: tuple[tuple[int, str], ...]


def parse_document(text: str) -> Document:
    """Read a document.

    Raises:
        DocumentError: it is not Plivo's XML, or has an element that is unknown here.
    """
    reader = Reader(ATTRIBUTES, Warned.BAD_ELEMENT)
    root = parse_root(text, Warned.BAD_DOCUMENT)
    elements = tuple(reader.read(element) for element in root)
    return Document(elements=elements, complaints=tuple(reader.complaints))


class Reader(XmlReader):
    """Reads elements, and collects complaints."""

    def read(self, element: ET.Element) -> Element:
        """One element."""
        self.check_attributes(element)
        match element.tag:
            case "Speak" | "Wait":
                return self.read_prompt(element)
            case "DTMF":
                return self.read_keys(element)
            case "GetInput":
                return self.read_input(element)
            case "Redirect":
                url = read_url(text_of(element), "Redirect")
                return Redirect(url=url, method=self.read_method(element, "method"))
            case "Hangup":
                return self.read_hangup(element)
            case "Stream":
                return self.read_stream(element)
            case tag:
                raise DocumentError(Warned.BAD_DOCUMENT, f"no element of this simulator: {tag}")

    def read_prompt(self, element: ET.Element) -> Speak | Wait:
        """An element that may also be inside of GetInput."""
        if element.tag == "Wait":
            return Wait(length_s=self.read_count(element, "length", 1))
        text = text_of(element)
        if not text:
            self.complain("Speak has no text")
        return Speak(text=text, times=self.read_count(element, "loop", 1))

    def read_keys(self, element: ET.Element) -> Keys:
        """Keys to be pressed."""
        digits = text_of(element)
        if not digits or set(digits) - KEYS:
            raise DocumentError(Warned.BAD_DOCUMENT, f"DTMF cannot press {digits!r}")
        return Keys(digits=digits, is_async=self.read_flag(element, "async", default=True))

    def read_hangup(self, element: ET.Element) -> Hangup:
        """The end."""
        reason = element.get("reason", "")
        if reason not in {"", "rejected", "busy"}:
            self.complain(f"Hangup: reason is {reason!r}")
        return Hangup(reason=reason)

    def read_input(self, element: ET.Element) -> GetInput:
        """A GetInput with its prompts."""
        for child in element:
            self.check_attributes(child)
            if child.tag not in {"Speak", "Wait"}:
                raise DocumentError(Warned.BAD_DOCUMENT, f"{child.tag} inside of GetInput")
        inputs = set(element.get("inputType", "").split())
        if not inputs or inputs - {"dtmf", "speech"}:
            self.complain("GetInput: inputType is neither dtmf nor speech")
        return GetInput(
            prompts=tuple(self.read_prompt(child) for child in element),
            action=read_url(element.get("action", ""), "GetInput"),
            method=self.read_method(element, "method"),
            takes_speech="speech" in inputs,
            takes_digits="dtmf" in inputs,
            longest_s=self.read_seconds(element, "executionTimeout", 15, least=5, most=60),
            digit_end_s=self.read_end(element, "digitEndTimeout"),
            speech_end_s=self.read_end(element, "speechEndTimeout"),
            most_digits=self.read_count(element, "numDigits", 32),
            finish_key=element.get("finishOnKey", "#"),
            goes_on_there=self.read_flag(element, "redirect", default=True),
        )

    def read_end(self, element: ET.Element, name: str) -> float:
        """How much silence ends what the other party says or presses."""
        if element.get(name, "auto") == "auto":
            return AUTO_S
        return self.read_seconds(element, name, 2, least=2, most=10)

    def read_seconds(
        self, element: ET.Element, name: str, default: int, *, least: int, most: int
    ) -> int:
        """Whole seconds between two bounds."""
        seconds = self.read_count(element, name, default)
        if least <= seconds <= most:
            return seconds
        self.complain(f"{element.tag}: {name} is {seconds}, not {least} to {most}")
        return default

    def read_method(self, element: ET.Element, name: str) -> str:
        """How a URL is asked."""
        method = element.get(name, "POST")
        if method in {"GET", "POST"}:
            return method
        self.complain(f"{element.tag}: {name} is {method!r}")
        return "POST"

    def read_stream(self, element: ET.Element) -> Stream:
        """A media stream; one in both directions has the inbound track only."""
        url = text_of(element)
        if urlsplit(url).scheme != "wss" or not urlsplit(url).netloc:
            raise DocumentError(Warned.BAD_DOCUMENT, "the URL of a stream is not wss")
        sound = FORMATS.get(element.get("contentType", "audio/x-l16;rate=8000"))
        if sound is None:
            raise DocumentError(Warned.BAD_DOCUMENT, "no contentType of Plivo's")
        if element.get("audioTrack", "inbound") != "inbound":
            raise DocumentError(Warned.BAD_DOCUMENT, "this simulator sends the inbound track")
        timeout_s = self.read_count(element, "streamTimeout", 86_400)
        return Stream(
            url=url,
            format=sound,
            is_bidirectional=self.read_flag(element, "bidirectional", default=False),
            keeps_call_alive=self.read_flag(element, "keepCallAlive", default=False),
            longest_s=timeout_s,
            extra_headers=self.read_extra_headers(element),
            status_url=element.get("statusCallbackUrl", ""),
            status_method=self.read_method(element, "statusCallbackMethod"),
        )

    def read_extra_headers(self, element: ET.Element) -> str:
        """What every message of a stream repeats."""
        headers = element.get("extraHeaders", "")
        wrong = [
            name for name, value in split_headers(headers).items() if not is_plain(name + value)
        ]
        if wrong or len(headers) > LONGEST_EXTRA_HEADERS_BYTES:
            self.complain(
                "Stream: extraHeaders are too long, or have other than letters and digits"
            )
        return headers


def split_headers(text: str) -> dict[str, str]:
    """Names and values of ``k=v,k2=v2``."""
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return {name.strip(): value for name, _, value in pairs}


def is_plain(text: str) -> bool:
    """Whether *text* has letters and digits only."""
    return text.isascii() and text.isalnum()


def read_url(text: str, tag: str) -> str:
    """A URL of the customer's, with its host.

    Raises:
        DocumentError: it is none.
    """
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise DocumentError(Warned.BAD_DOCUMENT, f"{tag} needs a whole URL, not {text!r}")
    return text
