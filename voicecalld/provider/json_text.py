"""JSON documents from a carrier, before anybody has looked into them."""

import json
import re
from collections.abc import Mapping

from voicecalld.errors import BadMessageError
from voicecalld.provider.http import HttpResponse

SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(text: str | bytes) -> object:
    """The JSON document in *text*.

    Raises:
        BadMessageError: there is none.
    """
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise BadMessageError("not a JSON document") from problem
    return document


def parse_body(response: HttpResponse) -> object:
    """The JSON document in *response*; None if there is none."""
    try:
        return parse_json(response.body)
    except BadMessageError:
        return None


def read_text(fields: Mapping[object, object], name: str) -> str:
    """The text of the field *name*; empty if there is no such field, or if it is null.

    Raises:
        BadMessageError: it is no text, or has halves of characters, which JSON can write and
            nobody else.
    """
    text = fields.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or SURROGATE.search(text) is not None:
        raise BadMessageError(f"{name} is no text")
    return text
