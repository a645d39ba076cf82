"""How each carrier speaks, so that others can try to speak like it: one row for each carrier.

What is tried is the same for all of them; see `tests.security.webhook_attacks` and
`tests.security.stream_attacks`. A carrier that is not in the table fails a test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    be taken for the same. If it *makes_sense* no longer, it is malformed should it come first.
    """

    change: Change
    passes: bool = False
    makes_sense: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the request that opens a stream has in it to show whose it is."""

    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


NOTHING_SHOWN = Shown()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """How a carrier is told what to do that reads no documents.

    ``answer`` and ``connect`` are what the URLs of the commands end in that have a call answered
    and its stream opened. ``answered`` makes the body of the webhook that tells of the answer, of
    the call and of the body of the command.
    """

    answer: str
    connect: str
    answered: Callable[[str, bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One carrier as it speaks.

    ``signature_header`` is where the signature itself is. The carrier's own scheme lets ``pass``
    the attacks of these names.

    ``call`` names calls as it does. ``announce`` and ``end`` are the bodies of the first webhook
    of a call to us and of its last, ``unknown`` of one with an event that nobody has heard of.
    ``echo`` puts our id of a call into a body; without it that is in the URL's query.

    ``start`` are the messages that a stream of a call begins with, ``media`` is one with sound
    behind them. ``show`` gives what shows a token in the request that opens the stream, and
    ``start_shows_token`` is whether the start alone does. ``upgrade_schemes`` are those of the
    URLs that it signs for a stream.

    ``refusal`` is in the document that refuses a call, or in the URL of such a command.
    ``read_token`` finds the token of a stream in the document that a webhook was answered with,
    or in the command that has it opened. ``foreign`` makes the body one of somebody else's
    account who has the same key.
    """

    settings: Mapping[str, Any]
    sign: Sign
    signature_header: str
    signs_url: bool
    signs_time: bool
    sign_upgrade: Callable[[str, str], Mapping[str, str]]
    call: Callable[[int], str]
    announce: Callable[[str], bytes]
    end: Callable[[str], bytes]
    unknown: Callable[[str], bytes]
    start: Callable[[str, str], tuple[str, ...]]
    media: str
    refusal: bytes
    read_token: Callable[[bytes], str]
    tamperings: Mapping[str, Tampering]
    passes: frozenset[str] = frozenset()
    echo: Callable[[bytes, str], bytes] | None = None
    show: Callable[[str], Shown] = lambda _token: NOTHING_SHOWN
    start_shows_token: bool = True
    upgrade_schemes: frozenset[str] = frozenset({"wss"})
    steering: Steering | None = None
    foreign: Change | None = None

    @property
    def account(self) -> Mapping[str, Any]:
        """The settings of its account, without those that make it the default carrier."""
        return {name: value for name, value in self.settings.items() if name != "provider"}
