"""TwiML as an XML parser sees it."""

from xml.etree import ElementTree as ET


def read_twiml(document: str) -> ET.Element:
    """The root of *document*."""
    return ET.fromstring(document)  # noqa: S314 - we have written it ourselves


def canonical(document: str) -> str:
    """*document* so that two which mean the same are equal."""
    return ET.canonicalize(document)
