"""The settings as a person reads them: tables of keys with sentence, allowed values and default.

Everything is read off the models of `settings`; the example file, the manual and the complaints
about a configuration file are made from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from voicecalld.settings import Settings

NUMBER_PLACEHOLDER: Final = "+15550100"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting. ``default`` is what a TOML writer takes; ``None`` means that it is not set."""

    name: str
    sentence: str
    allowed: str
    default: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the file; one whose ``path`` has a placeholder may be there many times.

    ``is_array`` tells that it is written ``[[path]]``, once for each element.
    """

    path: tuple[str, ...]
    sentence: str
    keys: tuple[Key, ...]
    is_array: bool = False


def build_tables() -> tuple[Table, ...]:
    """Every table of the file, outer before inner; the first has no name and its path is empty."""
    return tuple(tables_of(Settings, (), is_array=False))


def tables_of(model: type[BaseModel], path: tuple[str, ...], *, is_array: bool) -> Iterator[Table]:
    """The table that *model* describes, then those inside it."""
    fields = dict(named_fields(model))
    plain = {name: field for name, field in fields.items() if inner_model(field) is None}
    yield Table(
        path=path,
        sentence=first_line(model),
        keys=tuple(build_key(name, field) for name, field in plain.items()),
        is_array=is_array,
    )
    for name, field in fields.items():
        inside = inner_model(field)
        if inside is None:
            continue
        below = (*path, name, NUMBER_PLACEHOLDER) if is_table_of_tables(field) else (*path, name)
        if extra(field).get("same_as"):
            yield Table(path=below, sentence=sentence_of_same(field), keys=())
            continue
        yield from tables_of(inside, below, is_array=is_array_of_tables(field))


def named_fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The settings of *model*, each by its name in the file, which need not be one of Python's."""
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def sentence_of_same(field: FieldInfo) -> str:
    """What is said of a table that has the keys of another, and is not told of twice."""
    other = extra(field)["same_as"]
    return f"The same keys as [{other}]; what stands here counts where that has nothing."


def build_key(name: str, field: FieldInfo) -> Key:
    """The setting *name* as *field* describes it."""
    return Key(
        name=name,
        sentence=field.description or "",
        allowed=allowed_values(field),
        default=shown_default(field),
    )


def shown_default(field: FieldInfo) -> object:
    """The default as it would be written; that of a secret is an empty text."""
    return "" if isinstance(field.default, SecretStr) else field.default


def allowed_values(field: FieldInfo) -> str:
    """What may be written, such as ``a whole number from 100 to 10000 (milliseconds)``."""
    unit = extra(field).get("unit")
    kind = allowed_kind(field)
    return f"{kind} ({unit})" if unit else kind


def allowed_item(field: FieldInfo) -> str:
    """What an element of the array *field* may be."""
    return str(extra(field).get("item", "a table"))


def find_field(path: tuple[str | int, ...], root: type[BaseModel] = Settings) -> FieldInfo | None:
    """The setting at *path*, or the array it is an element of; ``None`` where nothing is known.

    Args:
        path: names of tables and keys, and the positions of array elements.
        root: the file's top level.
    """
    model: type[BaseModel] | None = root
    field: FieldInfo | None = None
    parts = list(path)
    while parts and model is not None:
        field = dict(named_fields(model)).get(str(parts.pop(0)))
        if field is None:
            return None
        model = inner_model(field)
        if is_table_of_tables(field) or is_array_of_tables(field):
            del parts[:1]  # which one of them
    return field


def find_model(
    path: tuple[str | int, ...], root: type[BaseModel] = Settings
) -> type[BaseModel] | None:
    """The table at *path* in a file with *root* at its top."""
    field = find_field(path, root)
    if field is None:
        return root if not path else None
    return inner_model(field)


def inner_model(field: FieldInfo) -> type[BaseModel] | None:
    """The model of the table, of each table, or of each element that *field* holds."""
    kind = bare(field.annotation)
    candidates = get_args(kind)[-1:] if get_origin(kind) is dict else (*get_args(kind)[:1], kind)
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def is_table_of_tables(field: FieldInfo) -> bool:
    """Whether the operator chooses the names of the tables in *field*."""
    return get_origin(bare(field.annotation)) is dict


def is_array_of_tables(field: FieldInfo) -> bool:
    """Whether *field* holds any number of tables without names."""
    return get_origin(bare(field.annotation)) is tuple and inner_model(field) is not None


def allowed_kind(field: FieldInfo) -> str:
    """What may be written, without its unit."""
    form = extra(field).get("form")
    if form:
        return str(form)
    words = allowed_words(field)
    if words:
        return one_of(words)
    kind = bare(field.annotation)
    if kind is bool:
        return "true or false"
    if kind is int:
        return f"a whole number{limits(field)}"
    if kind is float:
        return f"a number{limits(field)}"
    if kind in {str, SecretStr}:
        return f"a text{lengths(field, 'characters')}"
    if get_origin(kind) is tuple:
        return array_of(field)
    return "a table"


def allowed_words(field: FieldInfo) -> list[str]:
    """The words of which *field* is one; nothing if it may be anything else."""
    kind = bare(field.annotation)
    return [str(word) for word in get_args(kind)] if get_origin(kind) is Literal else []


def array_of(field: FieldInfo) -> str:
    """``an array of at most 10 items, each a text``."""
    length = lengths(field, "items")
    each = "each" if length else "each item"
    return f"an array{length}, {each} {allowed_item(field)}"


def one_of(words: list[str]) -> str:
    """``"a"``, ``"a" or "b"``, ``"a", "b" or "c"``."""
    quoted = [f'"{word}"' for word in words]
    if len(quoted) == 1:
        return quoted[0]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def limits(field: FieldInfo) -> str:
    """`` from 1 to 10``; every number has both limits."""
    lowest = constraint(field, annotated_types.Ge, "ge")
    highest = constraint(field, annotated_types.Le, "le")
    return f" from {lowest} to {highest}"


def lengths(field: FieldInfo, what: str) -> str:
    """`` of 1 to 10 characters``, or as much of it as there is."""
    shortest = constraint(field, annotated_types.MinLen, "min_length")
    longest = constraint(field, annotated_types.MaxLen, "max_length")
    match (shortest, longest):
        case (None, None):
            return ""
        case (None, _):
            return f" of at most {longest} {what}"
        case (_, None):
            return f" of at least {shortest} {what}"
        case _:
            return f" of {shortest} to {longest} {what}"


def constraint(field: FieldInfo, kind: type[object], name: str) -> object:
    """The limit of this kind that the model sets, if it does."""
    found = [getattr(entry, name) for entry in field.metadata if isinstance(entry, kind)]
    return found[0] if found else None


def extra(field: FieldInfo) -> Mapping[str, object]:
    """What our models add for people: ``unit``, ``form``, ``item``, ``secret``, ``same_as``."""
    found = field.json_schema_extra
    return found if isinstance(found, Mapping) else {}


def is_secret(field: FieldInfo) -> bool:
    """Whether nobody may see what *field* holds, or something inside it."""
    if extra(field).get("secret") or bare(field.annotation) is SecretStr:
        return True
    inside = inner_model(field)
    return inside is not None and any(map(is_secret, inside.model_fields.values()))


def bare(annotation: Any) -> Any:
    """The type that a value has: without annotations, ``None``, and the names of `ids`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return bare(next(kind for kind in get_args(annotation) if kind is not NoneType))
    supertype = getattr(annotation, "__supertype__", None)
    return annotation if supertype is None else bare(supertype)


def first_line(model: type[BaseModel]) -> str:
    """The sentence that says what the table is about."""
    return (model.__doc__ or "").partition("\n")[0]
