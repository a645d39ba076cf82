"""What a carrier has answered, quoted for a person: bounded, on one line, without our secrets."""

from collections.abc import Iterable
from typing import Final

from voicecalld.printable import printable
from voicecalld.provider.http import HttpResponse

MOST_QUOTED_BYTES: Final = 8192  # more than any reason needs, less than a log can bear

MASK: Final = "***"


def quote_response(
    response: HttpResponse,
    *,
    code: int | None = None,
    words: str = "",
    secrets: Iterable[str] = (),
) -> str:
    """The status, the carrier's own *code* and *words*, or else the beginning of the body.

    Args:
        response: what was answered.
        code: the carrier's own number of what went wrong, if it gives one.
        words: what it says of that, if the body is more than these words.
        secrets: what was sent along, and might come back; no empty text.

    Returns:
        At most `MOST_QUOTED_BYTES` bytes of UTF-8, all of them printable.
    """
    head = f"status {response.status}" + ("" if code is None else f", code {code}")
    if not response.body:
        return head
    text = words or response.body.decode(errors="replace")
    for secret in secrets:  # before the cut, which could leave half of one
        text = text.replace(secret, MASK)
    left_bytes = MOST_QUOTED_BYTES - len(f"{head}, ''")
    quoted = cut(printable(text[:MOST_QUOTED_BYTES]), left_bytes)
    return f"{head}: {quoted}" if words else f"{head}, '{quoted}'"


def cut(text: str, most_bytes: int) -> str:
    """As much of *text* as fits into *most_bytes* of UTF-8."""
    return text.encode()[:most_bytes].decode(errors="ignore")
