"""Strings that must not be mixed up: the ids of calls and streams, and telephone numbers."""

import re
from typing import NewType

CallId = NewType("CallId", str)
"""Our name for a call, for ever: a UUID in its usual form."""

ProviderCallId = NewType("ProviderCallId", str)
"""The carrier's name for a call."""

StreamId = NewType("StreamId", str)
"""The carrier's name for one media stream of a call."""

PhoneNumber = NewType("PhoneNumber", str)
"""An E.164 number, with its plus."""

# [0-9] and fullmatch on purpose: \d takes Arabic-Indic digits and $ a trailing newline.
E164 = re.compile(r"\+[1-9][0-9]{1,14}")
DIGITS = re.compile(r"[0-9*#wW]{1,64}")


def parse_phone_number(text: str) -> PhoneNumber:
    """Read *text* as an E.164 number; spaces, dashes and ``00`` are not repaired.

    Raises:
        ValueError: the text is anything else.

    Source: ITU-T E.164, section 6: at most fifteen digits, the first of them not zero.
    """
    if E164.fullmatch(text) is None:
        raise ValueError(f"not an E.164 phone number such as +15550100: {text!r}")
    return PhoneNumber(text)


def parse_digits(text: str) -> str:
    """Read *text* as keys to press: ``0-9 * #``, and ``w`` for half a second's wait.

    Raises:
        ValueError: there is another character, none at all, or more than 64 of them.
    """
    if DIGITS.fullmatch(text) is None:
        raise ValueError(f"not keys of a telephone (0-9 * # w, 1 to 64 of them): {text!r}")
    return text
