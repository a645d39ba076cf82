"""Lines of mdoc(7), in which nothing of a text is taken for a macro."""

import re
from collections.abc import Iterable


def text_line(text: str) -> str:
    """*text* as a line of mdoc that is no macro."""
    escaped = text.replace("\\", "\\e")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def sentence_lines(text: str) -> list[str]:
    """*text* with a line for each part; without a full stop it is made a sentence of.

    An argument parser has beginnings such as ``press keys``, a table has whole sentences.
    """
    whole = text if text.endswith(".") else f"{text[0].upper()}{text[1:]}."
    return [text_line(part) for part in re.split(r"(?<=[.;]) ", whole)]


def argument(text: str) -> str:
    """*text* as arguments of a macro: nothing in it is a macro, a delimiter or a quote."""
    words = text.replace("\\", "\\e").replace('"', "\\(dq").split(" ")
    return " ".join(
        f"\\&{word}" if re.fullmatch(r"[A-Za-z]{2,3}|\W+", word) else word for word in words
    )


def list_of(lines: Iterable[str]) -> list[str]:
    """*lines* as a list with tags; nothing if there are none."""
    items = list(lines)
    return [".Bl -tag -width Ds", *items, ".El"] if items else []
