"""Configured sentences as a grammar for a recogniser, and the way back to them."""

import re
from collections.abc import Iterable


def plain_words(phrase: str) -> tuple[str, ...]:
    """The words of *phrase* as the recogniser's dictionary spells them: "What's up?".

    Digits and letters beyond a to z are no words to it, and stay in what they are part of, so
    that a look into the dictionary finds them missing.
    """
    tokens = phrase.casefold().replace("\u2019", "'").split()
    return tuple(word for word in (clean_token(token) for token in tokens) if word)


def clean_token(token: str) -> str:
    """*token* without the punctuation around it."""
    return re.sub(r"^[^\w]+|[^\w]+$", "", token)


def build_grammar(phrases: Iterable[tuple[str, ...]]) -> str:
    """A JSGF grammar of exactly *phrases*, each given by its `plain_words`."""
    alternatives = " | ".join(" ".join(words) for words in phrases)
    return f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {alternatives};\n"


def unknown_words(phrases: Iterable[tuple[str, ...]], dictionary: Iterable[str]) -> list[str]:
    """The words of *phrases* that no line of the recogniser's *dictionary* begins with."""
    wanted = {word for words in phrases for word in words}
    known = {line.split(maxsplit=1)[0] for line in dictionary if line.strip()}
    return sorted(wanted - known)
