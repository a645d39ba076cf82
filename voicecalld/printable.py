"""Foreign words made harmless: on one line, without power over a terminal or a log."""


def printable(text: str) -> str:
    """*text* with everything that is not a printable character escaped, as Python writes it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else escape(char) for char in text)


def escape(char: str) -> str:
    """One character in ASCII, as it would be in a string of Python's."""
    return char.encode("unicode_escape").decode("ascii")
