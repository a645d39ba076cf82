"""Reads documents of a carrier's XML strictly, and collects what its debugger would say."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping


class DocumentError(Exception):
    """A document that ends the call."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def parse_root(text: str, code: int) -> ET.Element:
    """The root of a document.

    Raises:
        DocumentError: it is not XML, or its root is no Response; with *code*.
    """
    try:
        root = ET.fromstring(text)  # noqa: S314 - the daemon under test has written it
    except ET.ParseError as problem:
        raise DocumentError(code, f"not XML: {problem}") from problem
    if root.tag != "Response":
        raise DocumentError(code, f"the root is {root.tag}")
    return root


class XmlReader:
    """Collects complaints, as code and text; *attributes* are those that each element may have."""

    def __init__(self, attributes: Mapping[str, frozenset[str]], mistake_code: int) -> None:
        self.complaints: list[tuple[int, str]] = []
        self._attributes = attributes
        self._mistake_code = mistake_code

    def complain(self, text: str) -> None:
        """Something is wrong, but can be performed."""
        self.complaints.append((self._mistake_code, text))

    def check_attributes(self, element: ET.Element) -> None:
        """Complain of attributes that the carrier does not know there."""
        for name in set(element.attrib) - self._attributes.get(element.tag, frozenset()):
            self.complain(f"{element.tag} has no attribute {name}")

    def read_count(self, element: ET.Element, name: str, default: int) -> int:
        """A whole number."""
        text = element.get(name)
        if text is None:
            return default
        if not is_count(text):
            self.complain(f"{element.tag}: {name} is {text!r}, no whole number")
            return default
        return int(text)

    def read_flag(self, element: ET.Element, name: str, *, default: bool) -> bool:
        """True or false."""
        text = element.get(name, str(default).lower())
        if text not in {"true", "false"}:
            self.complain(f"{element.tag}: {name} is {text!r}")
        return text == "true"


def is_count(text: str) -> bool:
    """Whether *text* is a whole number, in digits."""
    return text.isascii() and text.isdigit()


def text_of(element: ET.Element) -> str:
    """The text in an element, without the space around it."""
    return (element.text or "").strip()
