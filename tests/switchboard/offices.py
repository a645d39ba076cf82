"""Every carrier with a simulator, as an office at it: for what is alike at all of them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from tests.carriers.faults import Answering, Faults
from tests.switchboard import plivo_office, telnyx_office, twilio_office
from tests.switchboard.carrier_office import Office
from voicecalld.provider.http import HttpRequest

UNHEARD_UPDATE = Faults(updates=(Answering.UNAVAILABLE,))


class OpenOffice(Protocol):
    """Opens an office; see `tests.switchboard.twilio_office.open_office`."""

    def __call__(
        self, *steps: Mapping[str, Any], **options: Any
    ) -> AbstractAsyncContextManager[Office]:
        """An office at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """An office's carrier; ``ends`` are the requests that are to end a call there.

    With the faults ``unheard_end`` it does not obey the first of those. If it ``rings``, it tells
    that the other party's telephone does.
    """

    open_office: OpenOffice
    ends: Callable[[HttpRequest], bool]
    unheard_end: Faults = UNHEARD_UPDATE
    rings: bool = True

    def hang_ups(self, office: Office) -> int:
        """How often a call was to be ended."""
        return sum(map(self.ends, office.link.requests))


CARRIERS: Mapping[str, Carrier] = {
    "twilio": Carrier(
        open_office=twilio_office.open_office,
        ends=lambda request: b"Status=completed" in request.body,
    ),
    "telnyx": Carrier(
        open_office=telnyx_office.open_office,
        ends=lambda request: request.url.endswith("/actions/hangup"),
        unheard_end=Faults(commands={"hangup": (Answering.UNAVAILABLE,)}),
        rings=False,
    ),
    "plivo": Carrier(
        open_office=plivo_office.open_office,
        ends=lambda request: request.method == "DELETE" and "/Call/" in request.url,
    ),
}

each_carrier = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=[*CARRIERS])
