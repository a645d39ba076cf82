"""Configuration files: TOML text in, `Settings` or a list of mistakes out.

A telephone's script is such a file as well, with another model at its top.

All mistakes are reported together, one line each, as ``FILE: KEY: what was found, what is
allowed``; in front of a key that was given elsewhere, that place is named instead of the file. A
value reaches such a line through `shown_value` only, which knows what is secret.
"""

import dataclasses
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

import tomlkit
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from tomlkit.exceptions import ParseError, TOMLKitError

from voicecalld.errors import ConfigError
from voicecalld.printable import printable
from voicecalld.settings import Settings
from voicecalld.settings_reference import (
    allowed_item,
    allowed_values,
    allowed_words,
    extra,
    find_field,
    find_model,
    is_secret,
    tables_of,
)
from voicecalld.settings_rules import CONTRADICTION

Path: TypeAlias = tuple[str | int, ...]
Key: TypeAlias = tuple[str, ...]
Model: TypeAlias = type[BaseModel]
ModelT = TypeVar("ModelT", bound=BaseModel)

LONGEST_SHOWN: Final = 64
LONGEST_REASON: Final = 200
TOML_INTEGER_BITS: Final = 64
BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSecret:
    """A secret that does not stand in the file; ``origin`` says where it does, for a person."""

    text: str = dataclasses.field(repr=False)
    origin: str


NO_SECRETS: Final[Mapping[Key, GivenSecret]] = {}
NOWHERE_ELSE: Final[Mapping[Path, str]] = {}


def parse_config(
    text: str, file: str, secrets: Mapping[Key, GivenSecret] = NO_SECRETS
) -> Settings:
    """The settings that *text* describes; see `parse_document`."""
    return parse_document(text, file, Settings, secrets)


def parse_document(
    text: str, file: str, root: type[ModelT], secrets: Mapping[Key, GivenSecret] = NO_SECRETS
) -> ModelT:
    """What *text* describes; what it does not mention has its default.

    Args:
        text: a TOML document, without a byte order mark.
        file: its name, which begins every line of the complaint.
        root: the model of its top level.
        secrets: values of keys that are missing in *text*, or empty.

    Raises:
        ConfigError: with all mistakes. The first in the syntax hides those behind it.
    """
    try:
        values = tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        raise ConfigError(f"{file}: {syntax_problem(error)}") from None
    origins: dict[Path, str] = {
        key: secret.origin for key, secret in secrets.items() if put(values, key, secret.text)
    }
    try:
        return root.model_validate(values)
    except ValidationError as error:
        problems = [
            f"{origins.get(detail['loc'], file)}: {value_problem(detail, root, origins)}"
            for detail in error.errors(include_url=False)
        ]
    # Out here, because the exception that is left behind holds values that may be secret.
    raise ConfigError(*problems)


def put(values: dict[str, Any], key: Key, text: str) -> bool:
    """Put *text* into the tables *values* at *key*, unless there is something; whether it is in.

    What is there instead of a table stays, and will be complained about.
    """
    *tables, name = key
    place: object = values
    for table in tables:
        place = place.setdefault(table, {}) if isinstance(place, dict) else None
    if not isinstance(place, dict) or place.get(name, "") != "":
        return False
    place[name] = text
    return True


def syntax_problem(error: TOMLKitError) -> str:
    """Where the text stops being TOML, and why; a repeated key is known by its name alone."""
    reason = shortened(str(error), LONGEST_REASON)
    if not isinstance(error, ParseError):
        return reason
    place = f" at line {error.line} col {error.col}"
    return f"line {error.line}, column {error.col + 1}: {reason.removesuffix(place)}"


def value_problem(
    detail: ErrorDetails, root: Model, origins: Mapping[Path, str] = NOWHERE_ELSE
) -> str:
    """One mistake: the key, and what is wrong with it; *origins* says what is not in the file."""
    path = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return f"{shown_path(path)}: unknown key{suggestion(path, root)}"
    if path[-1] == "[key]":
        # The name of a table that the operator chooses.
        return f"{shown_path(path[:-1])}: {reason_given(detail)}"
    if detail["type"] == CONTRADICTION:
        return f"{shown_path(path)}: {contradiction_found(detail, origins)}"
    field = find_field(path, root)
    assert field is not None, "what is not in the models is reported as an unknown key"
    secret = is_secret(field)
    found = f"found {shown_value(detail['input'], secret=secret)}"
    is_item = isinstance(path[-1], int)
    is_described = ("item" if is_item else "form") in extra(field)
    if detail["type"] == "value_error" and not is_described and not secret:
        # A check of ours that looked at more than the value's form.
        about = "" if isinstance(detail["input"], dict) else f"{found}: "
        return f"{shown_path(path)}: {about}{reason_given(detail)}"
    allowed = allowed_item(field) if is_item else allowed_values(field)
    meant = similar_word(detail["input"], allowed_words(field))
    return f"{shown_path(path)}: {found}, allowed: {allowed}{meant}"


def similar_word(found: object, allowed: Iterable[str]) -> str:
    """The word of *allowed* that was probably meant by *found*."""
    similar = difflib.get_close_matches(str(found).lower(), allowed, n=1)
    return f'; did you mean "{similar[0]}"?' if similar else ""


def reason_given(detail: ErrorDetails) -> str:
    """What our own check said, without pydantic's introduction."""
    return shortened(detail["msg"].removeprefix("Value error, "), LONGEST_REASON)


def contradiction_found(detail: ErrorDetails, origins: Mapping[Path, str]) -> str:
    """What a rule said, whole; what it blames may be out of the file, so that place is named."""
    cause = detail["ctx"]["cause"]
    reason = printable(detail["msg"])
    if cause not in origins:
        return reason
    given = f"{shown_path(cause)} is given"
    return reason.replace(given, f"{given} by the {origins[cause]}", 1)


def suggestion(path: Path, root: Model) -> str:
    """What to do instead: move the key to the top, or write the one that was probably meant.

    That is a similar one of the same table, or its namesake.
    """
    name = str(path[-1])
    if is_key_of_top(name, root) and len(path) > 1:
        return "; it belongs to no table: move it above the first table of the file"
    model = find_model(path[:-1], root)
    siblings = [] if model is None else list(model.model_fields)
    similar = similar_word(name, siblings)
    if similar:
        return similar
    namesakes = [
        (*table.path, key.name)
        for table in tables_of(root, (), is_array=False)
        for key in table.keys
        if key.name == name
    ]
    return f'; did you mean "{shown_path(namesakes[0])}"?' if namesakes else ""


def is_key_of_top(name: str, root: Model) -> bool:
    """Whether *name* is a key above all tables."""
    return any(key.name == name for key in next(tables_of(root, (), is_array=False)).keys)


def shown_path(path: Path) -> str:
    """*path* as TOML writes it; elements of arrays count from one."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f", item {part + 1}"
            continue
        key = part if BARE_KEY.fullmatch(part) else f'"{shortened(part, LONGEST_SHOWN)}"'
        shown += f".{key}" if shown else key
    return shown


def shown_value(value: object, *, secret: bool) -> str:
    """*value* for a line of text: never a secret, never long, never more than a line."""
    if secret and isinstance(value, str):
        return f"{len(value)} characters that are not shown"
    if secret:
        return "a value that is not shown"
    match value:
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() >= TOML_INTEGER_BITS:
            return "a whole number of more than 64 bits"
        case str():
            return f'"{shortened(value, LONGEST_SHOWN)}"'
        case list() | tuple():
            return "an array" if value else "an empty array"
        case dict():
            return "a table"
        case _:
            # Numbers, dates and times look in Python as they do in TOML.
            return shortened(str(value), LONGEST_SHOWN)


def shortened(text: str, longest: int) -> str:
    """*text* on one line of at most *longest* printable characters."""
    shown = printable(text)
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."
