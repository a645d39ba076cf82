"""Plivo XML as an XML parser sees it."""

from typing import Any
from xml.etree import ElementTree as ET


def read_document(document: str) -> ET.Element:
    """The root of *document*."""
    return ET.fromstring(document)  # noqa: S314 - we have written it ourselves


def same(document: str, written: Any) -> bool:
    """Whether *document* means what Plivo's own library has *written*."""
    theirs = written.to_string(pretty=False)
    return ET.canonicalize(document) == ET.canonicalize(theirs)
