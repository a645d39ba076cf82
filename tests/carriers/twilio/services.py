"""What every call of the simulated Twilio shares."""

from collections.abc import Callable
from dataclasses import dataclass

import trio

from tests.carriers.faults import Faults
from tests.carriers.ledger import Ledger
from tests.carriers.outside import Outside
from voicecalld.net.wheel import Wheel
from voicecalld.speech.base import Synthesizer


@dataclass(slots=True, kw_only=True)
class Services:
    """Parts that are made once; ``nursery`` outlives every call, as its webhooks do."""

    account_sid: str
    auth_token: str
    outside: Outside
    faults: Faults
    voice: Synthesizer
    ledger: Ledger
    wheel: Wheel
    nursery: trio.Nursery
    unix_clock: Callable[[], float]
    streams_opened: int = 0
    replies_lost: int = 0
