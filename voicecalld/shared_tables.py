"""Tables of the file whose keys may stand in another, shared one.

What the own table does not have is taken from the shared one: tables key by key, at any depth, and
everything else as a whole. Also ``false``, ``0`` and an empty text win over what is shared.

What else stands beside a shared table is somebody else's, and is not looked at. Nor are tables in
it of services that are unknown here, nor a choice that the own table makes itself: others may
choose what is of no use here.
"""

from collections.abc import Container, Mapping
from copy import deepcopy
from typing import Any, Final

SHARED: Final = ((("tts",), ("messages", "tts")),)
"""Own tables, each with the one that it shares with others."""

CHOICE: Final = "provider"
"""The key that says which service is meant; of two, only the one that counts must be known."""

Place = tuple[str | int, ...]


def merge_shared(values: dict[str, Any], known: Mapping[str, Container[str]]) -> dict[str, Any]:
    """The document *values* with its own tables completed; *values* stays as it was written.

    *known* has what may stand in each of the own tables.
    """
    whole = deepcopy(values)
    for (name,), (outer, inner) in SHARED:
        if not isinstance(whole.get(outer), dict):
            continue
        whole[outer] = {key: value for key, value in whole[outer].items() if key == inner}
        forget_unknown_tables(whole[outer].get(inner), known[name])
        shared, own = whole[outer].get(inner, {}), whole.get(name, {})
        if shared != {}:
            whole[name] = merged(deepcopy(shared), own)
        if isinstance(shared, dict) and isinstance(own, dict) and CHOICE in own:
            shared.pop(CHOICE, None)
    return whole


def forget_unknown_tables(shared: object, known: Container[str]) -> None:
    """Take the tables out of *shared* that are none of the *known* ones."""
    if not isinstance(shared, dict):
        return
    for name in [key for key, value in shared.items() if isinstance(value, dict)]:
        if name not in known:
            del shared[name]


def merged(shared: object, own: object) -> object:
    """*own*, with what only *shared* has."""
    if not isinstance(shared, dict) or not isinstance(own, dict):
        return own
    both = {key: merged(shared[key], own[key]) if key in own else shared[key] for key in shared}
    return {**both, **{key: own[key] for key in own if key not in shared}}


def find(values: object, place: Place) -> object:
    """What stands at *place*; None if nothing does, as TOML has no word for that."""
    for part in place:
        if not isinstance(values, dict):
            return None
        values = values.get(part)
    return values


def place_of(path: Place, written: object) -> Place:
    """Where in the document *written* that stands which `merge_shared` has put at *path*.

    What stands nowhere is missing in the own table.
    """
    for own, common in SHARED:
        moved = (*common, *path[len(own) :])
        if path[: len(own)] == own and not stands(path, written) and stands(moved, written):
            return moved
    return path


def hidden_by(path: Place, written: object) -> Place | None:
    """Where in the document *written* that stands which an empty text at *path* hides, if any."""
    for own, common in SHARED:
        hidden = (*common, *path[len(own) :])
        is_own = path[: len(own)] == own
        if is_own and find(written, path) == "" and find(written, hidden):
            return hidden
    return None


def remedy(place: Place) -> str:
    """What else to do about a mistake at *place*: others may need a choice as it is."""
    for own, common in SHARED:
        if place == (*common, CHOICE):
            return f"; if other programs need it there, set {'.'.join((*own, CHOICE))} as well"
    return ""


def stands(path: Place, written: object) -> bool:
    """Whether *written* has something at *path*, or some value that is all that is there of it."""
    for part in path:
        if not isinstance(written, dict):
            return True
        if part not in written:
            return False
        written = written[part]
    return True
