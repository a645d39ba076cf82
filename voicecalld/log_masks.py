"""What a log entry may show: no numbers, no words of people, no secrets, no forged lines.

These masks are the second line of defence. The first is not to log such things.
"""

import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Final

from voicecalld.printable import printable

MASK: Final = "***"

# A field is masked if one of the words of its name fits: auth_token, toNumber, heard-text.
PRIVATE_WORD = re.compile(
    "texts?|messages?|transcripts?|words?|heard|said|say|utterances?|prompts?|greeting|opening|"
    "repl(?:y|ies)|digits?|keys?|from|to|numbers?|phones?|callers?|callees?|tokens?|secrets?|"
    "passwords?|auth|authorization|credentials?|signatures?|cookies?|headers?|body|payload|query"
)

# With its plus, perhaps percent-encoded, perhaps in groups; or ten bare digits and more.
NUMBER = re.compile(
    r"(?:\+|%2B)[1-9](?:[ ().-]{0,2}[0-9]){6,14}|(?<![\w.-])[1-9][0-9]{9,14}(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
# What repr() puts into the message of an error: with a blank in it, somebody may have said it.
QUOTED_WORDS = re.compile(
    r"(?<!\w)(?P<quote>['\"])(?:(?!(?P=quote)).)*\s.*?(?:(?P=quote)(?!\w)|\Z)", re.DOTALL
)
QUOTED_SECRET = re.compile(r"(?P<quote>['\"])(?=[^'\"]*[0-9])[^'\"\s]{16,}(?:(?P=quote)|\Z)")

LONGEST_TEXT = 500  # characters: a log is no place for documents
DEEPEST_VALUE = 4  # lists in mappings in lists
MOST_FRAMES = 30  # of one traceback, the innermost ones
MOST_PARTS = 10  # of a group of exceptions, and links of a chain of causes


def masked_field(name: str, value: object, depth: int = DEEPEST_VALUE) -> object:
    """What may be shown of *value* in a field called *name*: something that JSON has."""
    if not is_private(name) or value is None or isinstance(value, bool):
        return masked_value(value, depth)
    number = NUMBER.fullmatch(value) if isinstance(value, str) else None
    return shorten_number(number) if number else MASK


def masked_value(value: object, depth: int) -> object:
    """*value* without what is private; of an object its type, as a repr may tell anything."""
    match value:
        case None | bool() | int() | float():
            return value
        case str() | PurePath():
            return masked_text(str(value))
        case BaseException():
            return masked_message(f"{type(value).__name__}: {value}")
        case Mapping() if depth:
            return {
                masked_text(str(key)): masked_field(str(key), item, depth - 1)
                for key, item in value.items()
            }
        case list() | tuple() if depth:
            return [masked_value(item, depth - 1) for item in value]
        case _:
            return f"<{type(value).__name__}>"


def masked_text(text: str) -> str:
    """*text* without numbers, on one line, and not too long."""
    # Numbers first: half of one would not look like a number any more.
    shown = NUMBER.sub(shorten_number, text)
    if len(shown) > LONGEST_TEXT:
        shown = shown[:LONGEST_TEXT] + "\u2026"
    return printable(shown)


def masked_message(text: str) -> str:
    """The message of an error, without the words and secrets that it quotes."""
    return masked_text(QUOTED_SECRET.sub("'\u2026'", QUOTED_WORDS.sub("'\u2026'", text)))


def is_private(name: str) -> bool:
    """Whether a field called *name* holds words, numbers or secrets of people."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return any(PRIVATE_WORD.fullmatch(word.lower()) for word in words)


def shorten_number(number: re.Match[str]) -> str:
    """A number that an operator can recognise and nobody can dial: ``+1…0123``."""
    digits = re.sub("%2B|[^0-9]", "", number.group(), flags=re.IGNORECASE)
    kept = 4 if len(digits) >= 10 else 2
    return f"+{digits[0]}\u2026{digits[-kept:]}"


def describe_exception(error: BaseException) -> str:
    """*error* in several lines: message, where it was raised, then its causes and parts.

    Neither source text nor local variables are shown: both may hold what people said.
    """
    trace = traceback.TracebackException.from_exception(
        error, limit=-MOST_FRAMES, lookup_lines=False, capture_locals=False
    )
    return "\n".join(exception_lines(trace, MOST_PARTS))


def exception_lines(trace: traceback.TracebackException, depth: int) -> Iterator[str]:
    """The lines of one exception, and of at most *depth* levels of others below it."""
    yield masked_message("".join(trace.format_exception_only()).rstrip())
    for frame in trace.stack:
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
    if not depth:
        return
    cause = trace.__cause__ or (None if trace.__suppress_context__ else trace.__context__)
    if cause is not None:
        lines = exception_lines(cause, depth - 1)
        yield f"because of {next(lines)}"
        yield from lines
    for part in (trace.exceptions or [])[:MOST_PARTS]:
        lines = exception_lines(part, depth - 1)
        yield f"- {next(lines)}"
        yield from (f"  {line}" for line in lines)
