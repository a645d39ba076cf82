"""The turn tokens of one call: under which one the carrier asks next, and who asks now.

Rule 1: every document that the carrier is given has a token of its own, and it asks for the next
document under that. Only the newest token means anything.
Rule 2: a token is good for one asking; until that has got its document, none is expected.
"""

from collections.abc import Callable
from typing import Final

import structlog
import trio

from voicecalld.errors import CarrierError
from voicecalld.ids import CallId
from voicecalld.switchboard.carrier_leg import CarrierLeg

log: Final = structlog.get_logger()

# Under which the URL of the call itself is asked, when the call is answered.
FIRST_TOKEN: Final = ""

# The token of what was told together with the order to place the call.
OPENING_TOKEN: Final = "opening"  # noqa: S105 - no secret: carriers sign it as part of a URL

# Carriers wait 15 s for an answer; with an agent that takes longer they are told to wait.
PATIENCE_S = 10.0


class Asking:
    """Knows which asking is the one that counts; can make the carrier ask."""

    def __init__(
        self,
        leg: CarrierLeg,
        call_id: CallId,
        expected: str,
        conduct: Callable[[str], None] | None = None,
    ) -> None:
        self.leg = leg
        self.conduct = conduct  # asks in the name of a carrier that takes commands
        self.call_id = call_id
        self.expected: str | None = expected
        self.unanswered: str | None = None  # an asking that has begun
        self.number = 0
        self.asked = 0
        self.is_far_off = False  # by itself the carrier will not ask soon
        self.is_forced = False  # it was made to ask, and has not asked yet
        self.changed = trio.Event()

    def begin(self, token: str) -> bool:
        """The carrier asks under *token*; False if that means nothing."""
        if token != self.expected:
            return False
        self.expected = None
        self.unanswered = token
        self.asked += 1
        self.is_far_off = self.is_forced = False
        return True

    def claim(self, token: str) -> bool:
        """Whether the asking under *token* is the one that gets the next document."""
        if token == FIRST_TOKEN:  # nothing was performed before
            self.begin(token)
        if token != self.unanswered:
            return False
        self.unanswered = None
        return True

    def end(self, *, is_far_off: bool) -> str:
        """The carrier gets its document; gives the token to ask under for the next one."""
        self.is_far_off = is_far_off
        token = self.new_token()
        self.on_change()  # who was put off may ask under this token
        return token

    async def next_token(self) -> str:
        """The token under which the carrier should have asked."""
        with trio.move_on_after(PATIENCE_S):
            while self.expected is None:
                await self.changed.wait()
        return self.expected or self.new_token()

    def new_token(self) -> str:
        """A token that was never given before on this call; it is expected now."""
        self.number += 1
        self.expected = str(self.number)
        return self.expected

    def url_of(self, token: str) -> str:
        """Where to ask under *token*."""
        return self.leg.links.for_turn(self.call_id, token)

    def on_change(self) -> None:
        """Let all who wait look again."""
        self.changed.set()
        self.changed = trio.Event()

    # --- when the carrier does not ask ---------------------------------------------------

    def push(self, nursery: trio.Nursery, after_s: float) -> None:
        """See to it that the carrier asks in *after_s* at the latest, or as soon as it can."""
        self.on_change()  # it may be asking
        if self.is_far_off and not self.is_forced:
            self.is_forced = True
            nursery.start_soon(self.force, self.expected, after_s)

    async def force(self, token: str | None, after_s: float) -> None:
        """Let the carrier, which would ask under *token*, drop what it does and ask."""
        await trio.sleep(after_s)
        if self.expected != token:
            return  # it has asked by itself
        fresh = self.new_token()
        if not await self.redirect(fresh) and self.expected == fresh:
            self.expected = token
            self.is_forced = False

    async def redirect(self, token: str) -> bool:
        """Whether the carrier will ask under *token* now."""
        if self.conduct is not None:
            self.conduct(token)
            return True
        try:
            return await self.leg.redirect(self.url_of(token))
        except CarrierError as error:
            log.warning("carrier was not made to ask", reason=str(error))
            return False
