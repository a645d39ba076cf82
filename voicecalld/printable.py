"""Foreign words made harmless: in UTF-8, on one line, without power over a terminal or a log."""


def printable(text: str) -> str:
    """*text* with everything that is not a printable character escaped, as Python writes it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else escape(char) for char in text)


def escape(char: str) -> str:
    """One character in ASCII, as it would be in a string of Python's."""
    return char.encode("unicode_escape").decode("ascii")


def clean_text(text: str) -> str:
    """*text* as UTF-8 can say it, U+FFFD in place of what it cannot."""
    if text.isascii():
        return text
    # JSON from outside may hold "\ud800", which no UTF-8 file can. A pair that arrives as two
    # halves is one character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
