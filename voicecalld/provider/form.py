"""The fields of forms and queries: ``name=value&name=value``, in which a name may come twice.

Source: the application/x-www-form-urlencoded format of the WHATWG URL standard, read strictly.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from voicecalld.errors import BadMessageError
from voicecalld.provider.http import Webhook

Fields: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values of each name, in the order they came in."""

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000  # a carrier sends fifty
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def parse_form(text: str) -> Fields:
    """The fields of *text*, blank ones included; a plus is a space.

    Raises:
        BadMessageError: it is no form in UTF-8, or one of more than a thousand fields.
    """
    if not text:
        return {}
    if not text.isascii() or BROKEN_ESCAPE.search(text) is not None:
        raise BadMessageError("a form with characters that no form has")
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as problem:  # also what is not UTF-8
        raise BadMessageError("a malformed form, or one of too many fields") from problem
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in fields.items()}


def parse_form_body(body: bytes) -> Fields:
    """The fields of *body*.

    Raises:
        BadMessageError: it is no form.
    """
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as problem:
        raise BadMessageError("a form with characters that no form has") from problem
    return parse_form(text)


def parse_query(url: str) -> Fields:
    """The fields of the query of *url*.

    Raises:
        BadMessageError: it has a query that is no form.
    """
    return parse_form(url.partition("?")[2])


def read_one(fields: Fields, name: str) -> str | None:
    """The value of the field *name*; None if there is no such field.

    Raises:
        BadMessageError: there are several, so that nobody could tell which is meant.
    """
    values = fields.get(name, ())
    if len(values) > 1:
        raise BadMessageError(f"the field {name} is there more than once")
    return values[0] if values else None


def read_own(query: Fields, name: str) -> str | None:
    """What we have put into the URL of a webhook as *name*; None if nothing.

    Raises:
        BadMessageError: it is empty, or there twice: we write no such URLs.
    """
    value = read_one(query, name)
    if value == "":
        raise BadMessageError(f"a webhook's URL with an empty {name}")
    return value


def media_type(webhook: Webhook) -> str:
    """What *webhook* says that its body is, in lower case and without parameters."""
    return webhook.headers.get("content-type", "").partition(";")[0].strip().lower()
