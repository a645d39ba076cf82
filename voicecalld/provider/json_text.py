"""JSON documents from a carrier, before anybody has looked into them."""

import json

from voicecalld.errors import BadMessageError


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
