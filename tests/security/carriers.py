"""How each carrier speaks, so that others can try to speak like it: one row for each carrier.

What is tried is the same for all of them; see `tests.security.webhook_attacks` and
`tests.security.stream_attacks`. A carrier that is not in the table fails a test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from tests.security.message import Message

PUBLIC_URL = "https://calls.example.test/voice/webhook"
STREAM_URL = "wss://calls.example.test/voice/stream"
OUR_KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "fedcba9876543210fedcba9876543210"

Change: TypeAlias = Callable[[Message], Message]


class Sign(Protocol):
    """Gives the headers that prove who has sent a body to a URL."""

    def __call__(
        self, url: str, body: bytes, *, unix_s: float, key: str = OUR_KEY
    ) -> Mapping[str, str]:
        """The headers, signed with *key* at *unix_s*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """What somebody does to a genuine webhook without being able to sign.

    It *passes* where the carrier's own scheme cannot tell it from the genuine one; then it must
    be taken for the same.
    """

    change: Change
    passes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One carrier as it speaks.

    ``call`` names calls as it does. ``announce`` and ``end`` are the bodies of the first webhook
    of a call to us and of its last. ``start`` are the messages that a stream of a call begins
    with, ``media`` is one with sound behind them, and ``read_token`` finds the token of a stream
    in the document that a webhook was answered with. ``foreign`` makes the body one of somebody
    else's account who has the same key.
    """

    settings: Mapping[str, Any]
    sign: Sign
    signs_url: bool
    signs_time: bool
    sign_upgrade: Callable[[str, str], Mapping[str, str]]
    call: Callable[[int], str]
    announce: Callable[[str], bytes]
    end: Callable[[str], bytes]
    start: Callable[[str, str], tuple[str, ...]]
    media: str
    read_token: Callable[[bytes], str]
    tamperings: Mapping[str, Tampering]
    foreign: Change | None = None
