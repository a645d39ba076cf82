"""What a speech service or an agent means by refusing: whose fault, and whether to ask again.

Sources: the answers of OpenAI and those compatible with it (``{"error": {"message", "type",
"code"}}``), of ElevenLabs (``{"detail": {"status", "message"}}``), and of Deepgram (``{"err_code",
"err_msg"}``).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeGuard

from voicecalld.errors import ServiceError

MOST_CODE_CHARACTERS = 60

# A caller does not wait longer, whatever the service asks for.
LONGEST_PAUSE_S = 10.0

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

RETRY_AFTER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?", re.ASCII)
CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)

# Quotas do not come back by themselves, whatever the status: ElevenLabs sends them with 401.
QUOTA_CODES: Final = frozenset(
    {
        "insufficient_quota",
        "quota_exceeded",
        "billing_hard_limit_reached",
        "credit_balance_exhausted",
        "payment_required",
        "insufficient_permissions_billing",
        "asr_payment_required",
    }
)


class FaultKind(Enum):
    """Whose fault it is, and hence what helps."""

    AUTH = "the credential"
    QUOTA = "the account's quota"
    RATE = "too many requests"
    NOT_FOUND = "a name that the service does not know"
    BAD_REQUEST = "the request"
    SERVER = "the service"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFault:
    """Why a service has refused.

    ``text`` tells it to an operator, in codes: a service's own words may quote a caller's, or a
    key. ``retry_after_s`` is the pause that it asks for, None if it does not.
    """

    kind: FaultKind
    retryable: bool
    retry_after_s: float | None = None
    text: str = ""


def describe(status: int, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ServiceFault:
    """What an answer with *status*, which is no success, means; *headers* are in lower case."""
    codes = codes_of(body)
    kind = kind_of(status, codes)
    said = f": {', '.join(codes)}" if codes else ""
    return ServiceFault(
        kind=kind,
        retryable=kind in {FaultKind.RATE, FaultKind.SERVER},
        retry_after_s=pause_of(headers),
        text=f"status {status}, {kind.value}{said}",
    )


def refusal_error(service: str, fault: ServiceFault, *, setting: str) -> ServiceError:
    """The error for *fault* of *service*; *setting* is where its credential comes from."""
    if fault.kind is FaultKind.AUTH:
        return ServiceError(f"{service} refuses the credential ({fault.text}): see {setting}")
    return ServiceError(f"{service} refuses ({fault.text})")


def kind_of(status: int, codes: tuple[str, ...]) -> FaultKind:
    """Whose fault it is, by *status* unless one of *codes* knows better."""
    if status == 402 or QUOTA_CODES.intersection(code.lower() for code in codes):
        return FaultKind.QUOTA
    match status:
        case 401 | 403 | 407:
            return FaultKind.AUTH
        case 408 | 425:
            return FaultKind.SERVER
        case 429:
            return FaultKind.RATE
        case 404 | 410:
            return FaultKind.NOT_FOUND
        case _ if 400 <= status < 500:
            return FaultKind.BAD_REQUEST
        case _:
            return FaultKind.SERVER


def codes_of(body: bytes) -> tuple[str, ...]:
    """The codes in the body of a refusal, without its words; none if it has none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(document, dict):
        return ()
    found = [document.get("err_code")]
    for name in ("error", "detail"):
        inner = document.get(name)
        parts = inner if isinstance(inner, dict) else {}
        found += [inner, *(parts.get(key) for key in ("type", "code", "status", "param"))]
    return tuple(dict.fromkeys(code for code in found if is_code(code)))


def is_code(value: object) -> TypeGuard[str]:
    """Whether *value* is a code and no words."""
    return (
        isinstance(value, str)
        and len(value) <= MOST_CODE_CHARACTERS
        and CODE.fullmatch(value) is not None
    )


def pause_of(headers: Mapping[str, str]) -> float | None:
    """The seconds that a ``Retry-After`` asks for; a date is not honoured, as clocks differ."""
    text = headers.get("retry-after", "").strip()
    return min(float(text), LONGEST_PAUSE_S) if RETRY_AFTER.fullmatch(text) else None
