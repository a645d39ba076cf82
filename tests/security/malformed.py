"""Genuine webhooks that say something else than they should: as a carrier's own mistake."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

Pairs: TypeAlias = Sequence[tuple[str, str]]
Path: TypeAlias = tuple[str, ...]
Spoiled: TypeAlias = tuple[str, Callable[[], bytes]]
"""What is wrong with a body, and how to make it: there are many of them."""

ODD_VALUES: Mapping[str, object] = {
    "null": None,
    "empty": "",
    "a number": 7,
    "a truth": True,
    "a list": [None],
    "an object": {"a": "b"},
    "half a character": "\ud800",
    "another text": "\0\u202e" + "9" * 5000,
}


def spoil(body: bytes) -> Iterator[Spoiled]:
    """What could be wrong with *body*."""
    if body.startswith(b"{"):
        yield from spoil_document(json.loads(body))
    else:
        yield from spoil_form(parse_qsl(body.decode(), keep_blank_values=True))
    yield "nothing", bytes
    yield "half of it", lambda: body[: len(body) // 2]
    yield "no text", lambda: b"\xff\xfe\0"


def spoil_document(document: Mapping[str, Any]) -> Iterator[Spoiled]:
    """Each field missing, or with another value; and one too many."""
    for path in list_paths(document):
        name = ".".join(path)
        yield f"no {name}", partial(change, document, path, remove)
        for what, value in ODD_VALUES.items():
            yield f"{name}: {what}", partial(change, document, path, partial(put, value))
        yield f"more than {name}", partial(change, document, path, add)
    for odd in ("[]", "null", "7", '"data"', "{}", "[" * 3000):
        yield f"nothing but {odd[:9]}", odd.encode


def list_paths(document: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    """Where all the fields of *document* are."""
    for key, value in document.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from list_paths(value, (*above, key))


def remove(fields: dict[str, Any], key: str) -> None:
    del fields[key]


def put(value: object, fields: dict[str, Any], key: str) -> None:
    fields[key] = value


def add(fields: dict[str, Any], key: str) -> None:
    fields[f"{key}_more"] = [{}]


def change(
    document: Mapping[str, Any], path: Path, do: Callable[[dict[str, Any], str], None]
) -> bytes:
    """*document* after something was done to the field at *path*."""
    whole = json.loads(json.dumps(document))
    fields = whole
    for key in path[:-1]:
        fields = fields[key]
    do(fields, path[-1])
    return json.dumps(whole).encode()


def spoil_form(pairs: Pairs) -> Iterator[Spoiled]:
    """Each field missing, there twice, or with another value; and one too many."""
    for number, (name, value) in enumerate(pairs):
        before, behind = pairs[:number], pairs[number + 1 :]
        yield f"no {name}", partial(render, *before, *behind)
        yield f"{name} twice", partial(render, *pairs, (name, value))
        yield f"{name} twice, in two ways", partial(render, *pairs, (name, "a"))
        for odd in ("", "null", " ", "a\0b", "\u202e", "9" * 5000):
            yield f"{name}: {odd[:9]!a}", partial(render, *before, (name, odd), *behind)
    yield "a field too many", partial(render, *pairs, ("Event_more", "[]"))
    yield "fields without names", partial(render, *pairs, ("", "a"), (" ", "b"))


def render(*pairs: tuple[str, str]) -> bytes:
    return urlencode(pairs).encode()
