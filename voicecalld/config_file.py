"""Configuration files: TOML text in, `Settings` or a list of mistakes out.

A telephone's script is such a file as well, with another model at its top.

All mistakes are reported together, one line each, as ``FILE: KEY: what was found, what is
allowed``; in front of a key that was given elsewhere, that place is named instead of the file. A
value reaches such a line through `shown_value` only, which knows what is secret.
"""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

import tomlkit
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from tomlkit.exceptions import ParseError, TOMLKitError

from voicecalld.contradiction import CONTRADICTION
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
    inner_model,
    is_secret,
    named_fields,
    tables_of,
)
from voicecalld.shared_tables import hidden_by, merge_shared, place_of, remedy
from voicecalld.tts_settings import TtsSettings

Path: TypeAlias = tuple[str | int, ...]
Key: TypeAlias = tuple[str, ...]
Model: TypeAlias = type[BaseModel]
ModelT = TypeVar("ModelT", bound=BaseModel)

LONGEST_SHOWN: Final = 64
LONGEST_REASON: Final = 200
TOML_INTEGER_BITS: Final = 64
BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
# As Python's own reader of TOML says it, in all of its words for that.
REPEATED: Final = re.compile(
    r"(?:overwrite a value|[Cc]annot declare|[Dd]uplicate).*\(at (?P<line>line [0-9]+),", re.DOTALL
)
# Where a URL may hold a secret that belongs elsewhere: its user, and its query.
URL_SECRET: Final = re.compile(r"(?<=://)[^/?#]+(?=@)|(?<=\?).+", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSecret:
    """A secret that does not stand in the file; ``origin`` says where it does, for a person."""

    text: str = dataclasses.field(repr=False)
    origin: str


NO_SECRETS: Final[Mapping[Key, GivenSecret]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where values are from: a file, what is ``written`` in it, and what is given elsewhere."""

    file: str = ""
    written: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    origins: Mapping[Path, str] = dataclasses.field(default_factory=dict)

    def place_of(self, path: Path) -> Path:
        """Where the value at *path* stands, which may be in a shared table."""
        return path if path in self.origins else place_of(path, self.written)


PLAIN: Final = Source()


def parse_config(
    text: str, file: str, secrets: Mapping[Key, GivenSecret] = NO_SECRETS
) -> Settings:
    """The settings that *text* describes; see `parse_document`.

    Tables that share keys with others (see `voicecalld.shared_tables`) are completed by those.
    """
    written = parse_toml(text, file)
    values = merge_shared(written, {"tts": TtsSettings.model_fields})
    origins = put_all(values, secrets)
    return build(Settings, values, Source(file=file, written=written, origins=origins))


def parse_document(text: str, file: str, root: type[ModelT]) -> ModelT:
    """What *text* describes; what it does not mention has its default.

    Args:
        text: a TOML document, without a byte order mark.
        file: its name, which begins every line of the complaint.
        root: the model of its top level.

    Raises:
        ConfigError: with all mistakes. The first in the syntax hides those behind it.
    """
    values = parse_toml(text, file)
    return build(root, values, Source(file=file))


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """The document *text* as plain values.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        raise ConfigError(f"{file}: {repeated_line(error, text)}{syntax_problem(error)}") from None


def build(root: type[ModelT], values: Mapping[str, Any], source: Source) -> ModelT:
    """The model *root* of *values*, which are from *source*.

    Raises:
        ConfigError: with all mistakes.
    """
    try:
        return root.model_validate(values)
    except ValidationError as error:
        problems = [
            f"{source.origins.get(detail['loc'], source.file)}: "
            f"{value_problem(detail, root, source)}{remedy(source.place_of(detail['loc']))}"
            for detail in error.errors(include_url=False)
        ]
    # Out here, because the exception that is left behind holds values that may be secret. What is
    # shared is looked at where it stands and where it is used.
    raise ConfigError(*dict.fromkeys(problems))


def put_all(values: dict[str, Any], secrets: Mapping[Key, GivenSecret]) -> Mapping[Path, str]:
    """Put *secrets* into *values* where nothing is; gives whence those are that are in."""
    return {key: secret.origin for key, secret in secrets.items() if put(values, key, secret.text)}


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
    """Where the text stops being TOML, and why; a repeated key may be known by its name alone."""
    reason = shortened(str(error), LONGEST_REASON)
    if not isinstance(error, ParseError):
        return reason
    place = f" at line {error.line} col {error.col}"
    return f"line {error.line}, column {error.col + 1}: {reason.removesuffix(place)}"


def repeated_line(error: TOMLKitError, text: str) -> str:
    """In front of *error*, the line of *text* that repeats a key, if only Python knows it."""
    if isinstance(error, ParseError):
        return ""
    place = None
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as same:
        place = REPEATED.search(str(same))
    return f"{place['line']}: " if place else ""


def value_problem(detail: ErrorDetails, root: Model, source: Source = PLAIN) -> str:
    """One mistake: the key where it stands in *source*, and what is wrong with it."""
    path = source.place_of(detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{shown_path(path)}: unknown key{suggestion(path, root)}"
    if path[-1] == "[key]":
        # The name of a table that the operator chooses.
        return f"{shown_path(path[:-1])}: {reason_given(detail)}"
    if detail["type"] == CONTRADICTION:
        return f"{shown_path(path)}: {contradiction_found(detail, source)}"
    field = find_field(path, root)
    assert field is not None, "what is not in the models is reported as an unknown key"
    secret = is_secret(field) and not is_word_of(detail["input"], field)
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


def is_word_of(found: object, field: FieldInfo) -> bool:
    """Whether *found* stands where the table *field* should, and is a word that it has inside."""
    inside = inner_model(field)
    fields = [] if inside is None else [*inside.model_fields.values()]
    return isinstance(found, str) and any(found in allowed_words(key) for key in fields)


def similar_word(found: object, allowed: Iterable[str]) -> str:
    """The word of *allowed* that was probably meant by *found*."""
    similar = difflib.get_close_matches(str(found).lower(), allowed, n=1)
    return f'; did you mean "{similar[0]}"?' if similar else ""


def reason_given(detail: ErrorDetails) -> str:
    """What our own check said, without pydantic's introduction."""
    return shortened(detail["msg"].removeprefix("Value error, "), LONGEST_REASON)


def contradiction_found(detail: ErrorDetails, source: Source) -> str:
    """What a rule said, whole; what it blames may be out of the file, or in a shared table."""
    cause = detail["ctx"]["cause"]
    reason = printable(detail["msg"])
    hidden = hidden_by(detail["loc"], source.written)
    if hidden is not None:
        reason += f"; the empty text here hides {shown_path(hidden)}"
    if cause not in source.origins:
        return reason.replace(shown_path(cause), shown_path(source.place_of(cause)), 1)
    given = f"{shown_path(cause)} is given"
    return reason.replace(given, f"{given} by the {source.origins[cause]}", 1)


def suggestion(path: Path, root: Model) -> str:
    """What to do instead: move the key to the top, or write the one that was probably meant.

    That is one of the same table that is similar or has a word in common, or its namesake.
    """
    name = str(path[-1])
    if is_key_of_top(name, root) and len(path) > 1:
        return "; it belongs to no table: move it above the first table of the file"
    model = find_model(path[:-1], root)
    siblings = [] if model is None else list(dict(named_fields(model)))
    similar = similar_word(name, siblings) or related_word(name, siblings)
    if similar:
        return similar
    namesakes = [
        (*table.path, key.name)
        for table in tables_of(root, (), is_array=False)
        for key in table.keys
        if key.name == name
    ]
    return f'; did you mean "{shown_path(namesakes[0])}"?' if namesakes else ""


def related_word(name: str, siblings: Iterable[str]) -> str:
    """The one of *siblings* that is *name* with more words or fewer, such as url for base_url."""
    words = set(name.split("_"))
    related = [
        sibling
        for sibling in siblings
        if words < set(sibling.split("_")) or words > set(sibling.split("_"))
    ]
    return f'; did you mean "{related[0]}"?' if len(related) == 1 else ""


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
            shown = URL_SECRET.sub("...", value) if "://" in value else value
            return f'"{shortened(shown, LONGEST_SHOWN)}"'
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
