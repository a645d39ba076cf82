"""How each carrier tells things and is told things: one row for each carrier.

How it signs and how its media streams begin is in the rows of `tests.security`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.histories.history import News
from tests.security.carriers import Carrier
from voicecalld.call.events import EndReason
from voicecalld.provider.http import HttpRequest, HttpResponse


@dataclass(kw_only=True)
class Leg:
    """One call as it truly is at the carrier.

    ``hook`` is where it is reported, ``next_url`` where the carrier was told to ask next, and
    ``token`` that of the stream it was told to open. ``state`` and its like are echoed.
    """

    name: str
    order: str
    is_inbound: bool
    ending: str
    hook: str
    next_url: str = ""
    token: str = ""
    asks_at_answer: bool = True
    states: dict[str, str] = field(default_factory=dict)
    is_alive: bool = True
    is_answered: bool = False
    is_known: bool = False  # to us: something that we got has named it
    promise: bytes = b""  # the answer to the dial, as it was when we were to get it
    refused_ends: int = 0  # that the carrier was asked for and did not obey


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One event as it is sent; without an own identity it is the same if it is written alike."""

    url: str
    body: bytes
    asks: bool = False


class Verb(StrEnum):
    """What we may ask of a carrier."""

    DIAL = "dial"
    HANG_UP = "hang up"
    CANCEL = "cancel"
    LOOK = "look"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks: of the call or the order ``name``, with what is to be remembered.

    A dial that comes ``once`` more with the same text is the same dial.
    """

    verb: Verb
    name: str = ""
    once: str = ""
    note: Callable[[Leg], None] = lambda _leg: None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """One carrier.

    ``outbound`` and ``inbound`` are what it tells of a call, in its natural order; ``endings``
    are its words for the end of one, and what each of them means to us. Of what it tells, ``late``
    is what proves no call to live. ``mark`` makes a call one with an id of ours. ``write`` gives
    None for what cannot be told of this call now. ``read_answer`` notes what a document says.
    ``looked`` is what an end is taken for when we look how the call is.
    """

    name: str
    carrier: Carrier
    outbound: tuple[News, ...]
    inbound: tuple[News, ...]
    endings: Mapping[str, EndReason]
    write: Callable[[Leg, News], Letter | None]
    read_request: Callable[[HttpRequest], Asked]
    read_answer: Callable[[Leg, bytes], None]
    placed: Callable[[Leg], HttpResponse]
    done: HttpResponse
    gone: HttpResponse
    describe: Callable[[Leg], HttpResponse]
    mark: Callable[[Leg, str], None]
    looked: Callable[[str], EndReason | None]
    takes_commands: bool = False
    has_own_voice: bool = True
    has_order_names: bool = False
    late: frozenset[News] = frozenset({News.ENDED})
