"""What networks put in place of a number that the caller withholds."""

from typing import Final

# Some spell it on a keypad: +266696687 is ANONYMOUS.
WITHHELD: Final = frozenset(
    {
        "+266696687",
        "+7378742833",
        "+86282452253",
        "+2562533",
        "+8656696",
        "+464",
        "anonymous",
        "unavailable",
        "restricted",
        "blocked",
        "unknown",
    }
)
