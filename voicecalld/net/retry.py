"""When a carrier is asked again, and how long after.

What it has not processed may always be asked again: it could not be reached, or it answered 429.
Of everything else nobody knows whether it was done, so only a request that is repeatable is.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, assert_never

from voicecalld.errors import CarrierError, OutcomeUnknownError, UnreachableError
from voicecalld.provider.http import HttpRequest, HttpResponse

Outcome: TypeAlias = HttpResponse | CarrierError

TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500

# A carrier that is down is asked for 8 s altogether: longer than a hang-up waits, half as long
# as a dial does.
MOST_ATTEMPTS = 6

FIRST_PAUSE_S = 0.25

# A carrier may ask for more, but by then nobody waits for this answer.
LONGEST_PAUSE_S = 10.0

RETRY_AFTER_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


def may_ask_again(request: HttpRequest, outcome: Outcome) -> bool:
    """Whether asking again does no harm, and may help."""
    match outcome:
        case UnreachableError() | HttpResponse(status=429):
            return True
        case OutcomeUnknownError():
            return request.is_repeatable
        case HttpResponse(status=status):
            return status >= SERVER_ERROR and request.is_repeatable
        case CarrierError():
            return False
        case _:
            assert_never(outcome)


def leaves_doubt(outcome: Outcome) -> bool:
    """Whether the carrier may have obeyed, for all that *outcome* tells."""
    match outcome:
        case UnreachableError():
            return False
        case OutcomeUnknownError():
            return True
        case HttpResponse(status=status):
            return status >= SERVER_ERROR
        case CarrierError():
            return False
        case _:
            assert_never(outcome)


def after_doubt(outcome: Outcome) -> Outcome:
    """*outcome* of a request that may have been obeyed when it was sent before.

    The carrier tells of the repetition alone, and it says less than it seems to.
    """
    if isinstance(outcome, HttpResponse):
        return replace(outcome, follows_doubt=True)
    return OutcomeUnknownError(f"an earlier answer was lost, and now {outcome}")


def pause_s(attempt: int, outcome: Outcome, random: Callable[[], float]) -> float:
    """How long to wait after attempt number *attempt*, the first of which is 1.

    It doubles each time. A part of it is chance (*random* gives less than 1), so that calls that
    were refused together do not come back together. A ``Retry-After`` in seconds is honoured up
    to `LONGEST_PAUSE_S`; one that is a date is not, for the clocks may differ. With 429 so is
    ``X-RateLimit-Reset`` instead of it, which is the seconds until more is allowed.
    """
    backoff_s = FIRST_PAUSE_S * 2.0 ** (attempt - 1) * (1 + random()) / 2
    return min(max(backoff_s, asked_pause_s(outcome)), LONGEST_PAUSE_S)


def asked_pause_s(outcome: Outcome) -> float:
    """The pause that the carrier asks for; 0 if it does not."""
    if isinstance(outcome, CarrierError):
        return 0.0
    text = outcome.headers.get("retry-after", "").strip()
    if not text and outcome.status == TOO_MANY_REQUESTS:
        text = outcome.headers.get("x-ratelimit-reset", "").strip()
    return float(text) if RETRY_AFTER_SECONDS.fullmatch(text) else 0.0
