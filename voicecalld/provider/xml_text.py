"""Documents in XML, which carriers fetch from us: a ``Response`` that holds verbs.

Source: XML 1.0, fifth edition; section 2.2 says which characters a document may have.
"""

import math
import re
from collections.abc import Mapping
from html import escape
from typing import Final

from voicecalld.provider.http import Reply

XML_TYPE: Final = "text/xml; charset=utf-8"
PROLOG: Final = '<?xml version="1.0" encoding="UTF-8"?>'

# What XML has no way to write, not even escaped.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_reply(verbs: str) -> Reply:
    """*verbs* as an answer."""
    return Reply(content_type=XML_TYPE, body=render_document(verbs).encode())


def render_document(verbs: str) -> str:
    """*verbs* as a document."""
    return f"{PROLOG}{tag('Response', inside=verbs)}"


def render_next(next_url: str) -> str:
    """The verb that asks at *next_url* what to do, or ends the call."""
    if not next_url:
        return tag("Hangup")
    return tag("Redirect", {"method": "POST"}, inside=render_text(next_url))


def tag(name: str, attributes: Mapping[str, str] | None = None, *, inside: str = "") -> str:
    """An element; *inside* is XML already, the values of *attributes* are not."""
    pairs = (attributes or {}).items()
    start = name + "".join(f' {key}="{escape(clean(value))}"' for key, value in pairs)
    return f"<{start}>{inside}</{name}>" if inside else f"<{start}/>"


def render_text(text: str) -> str:
    """*text* as XML, for the inside of an element."""
    return escape(clean(text), quote=False)


def clean(text: str) -> str:
    """*text* without the characters that no XML document may have."""
    return NOT_XML.sub("", text)


def whole_seconds(duration_s: float, least: int = 1, most: int | None = None) -> str:
    """*duration_s* as carriers take durations: whole seconds, from *least* to *most*."""
    seconds = max(least, math.ceil(duration_s))
    return str(seconds if most is None else min(seconds, most))
