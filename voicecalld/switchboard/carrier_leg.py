"""What we ask of the carrier for one call, each request under a time limit of its own."""

from typing import Final

import structlog
import trio

from voicecalld.call.events import HungUp
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.ids import ProviderCallId
from voicecalld.net.carrier_link import CarrierLink
from voicecalld.net.retry import SERVER_ERROR
from voicecalld.provider.base import PlaceOrder, Provider
from voicecalld.provider.http import HttpRequest, HttpResponse

log: Final = structlog.get_logger()

# Carriers answer within a second or two. After this nobody knows whether the call exists.
PLACE_S = 15.0

REQUEST_S = 5.0

# A carrier's own parts learn of an answer one after the other: a call whose stream is open may
# not be "in progress" for its REST API until a moment later.
TOO_EARLY_PAUSES_S = (0.25, 0.75, 1.0)


class CarrierLeg:
    """The carrier's end of one call; ``order`` is None for a call that came to us.

    ``call`` is what the carrier calls it. It is None until `place` has returned or a webhook has
    told; whoever reads the webhook sets it.
    """

    def __init__(self, provider: Provider, link: CarrierLink, order: PlaceOrder | None) -> None:
        self.provider = provider
        self.link = link
        self.order = order
        self.call: ProviderCallId | None = None
        self.is_dial_unanswered = False

    async def place(self, order: PlaceOrder) -> ProviderCallId:
        """Place the call, and remember what the carrier calls it.

        Raises:
            OutcomeUnknownError: the call may exist; only a webhook of it can tell.
            CarrierError: there is no call.
        """
        self.is_dial_unanswered = True
        try:
            self.call = await self.dial(order)
        except OutcomeUnknownError:
            raise
        except CarrierError:
            self.is_dial_unanswered = False
            raise
        self.is_dial_unanswered = False
        return self.call

    async def dial(self, order: PlaceOrder) -> ProviderCallId:
        """Have the carrier place the call; gives what it calls it.

        Raises:
            OutcomeUnknownError: the call may exist.
            CarrierError: there is no call.
        """
        response = await self.request(self.provider.rest.place(order), PLACE_S)
        try:
            return self.provider.rest.read_placed(response)
        except CarrierError as error:
            if 400 <= response.status < SERVER_ERROR:  # those refuse for certain
                raise
            raise OutcomeUnknownError(str(error)) from error

    async def press(self, digits: str) -> bool:
        """Press keys towards the other party; False if the carrier leaves that to us, as tones.

        Raises:
            CarrierError: the carrier refused, or did not answer in time.
        """
        request = self.provider.rest.press(self.known_call(), digits)
        return await self.change(request, "the keys")

    async def redirect(self, url: str) -> bool:
        """Let the carrier drop what it performs and ask at *url*; False if it cannot do that.

        Raises:
            CarrierError: the carrier refused, or did not answer in time.
        """
        request = self.provider.rest.redirect(self.known_call(), url)
        return await self.change(request, "the redirection")

    async def fetch_end(self) -> HungUp | None:
        """How the call has ended; None if it has not, or if the carrier does not tell."""
        request = None if self.call is None else self.provider.rest.fetch(self.call)
        if request is None:
            return None
        try:
            response = await self.request(request, REQUEST_S)
        except CarrierError as error:
            log.warning("carrier did not tell how the call is", reason=str(error))
            return None
        if response.status >= SERVER_ERROR:
            reason = self.provider.rest.explain(response)
            log.warning("carrier did not tell how the call is", reason=reason)
            return None
        return self.provider.rest.read_end(response)

    async def hang_up(self) -> None:
        """End the call at the carrier; one that it has not named cannot be ended.

        Raises:
            CarrierError: asked twice, the carrier still has not said that the call is over; or
                it may be dialling a call that it has not named.
        """
        if self.call is None and self.is_dial_unanswered:
            raise CarrierError("the carrier has not said whether there is a call")
        if self.call is None:
            return
        try:
            await self.hang_up_once(self.call)
        except CarrierError:  # a request that was lost is worth one more
            await self.hang_up_once(self.call)

    async def hang_up_once(self, call: ProviderCallId) -> None:
        """Ask once for the end of the call."""
        response = await self.request(self.provider.rest.hang_up(call), REQUEST_S)
        if not self.provider.rest.is_hung_up(response):
            raise self.failure(response, "hanging up")

    def known_call(self) -> ProviderCallId:
        """What the carrier calls this call.

        Raises:
            CarrierError: nobody knows yet.
        """
        if self.call is None:
            raise CarrierError("the carrier has not named the call yet")
        return self.call

    async def change(self, request: HttpRequest | None, what: str) -> bool:
        """Change a call that is going on; False if the carrier has no such request."""
        if request is None:
            return False
        response = await self.request(request, REQUEST_S)
        for pause_s in TOO_EARLY_PAUSES_S:
            if not self.provider.rest.is_too_early(response):
                break
            await trio.sleep(pause_s)
            response = await self.request(request, REQUEST_S)
        if not 200 <= response.status < 300:
            raise self.failure(response, what)
        return True

    def failure(self, response: HttpResponse, what: str) -> CarrierError:
        """The error that tells what the carrier has answered instead of doing *what*."""
        kind = OutcomeUnknownError if response.status >= SERVER_ERROR else CarrierError
        return kind(f"the carrier answered {what} with {self.provider.rest.explain(response)}")

    async def request(self, request: HttpRequest, patience_s: float) -> HttpResponse:
        """Send *request*, and turn silence into an error."""
        try:
            with trio.fail_after(patience_s):
                return await self.link.request(request)
        except trio.TooSlowError:
            raise OutcomeUnknownError(f"the carrier did not answer in {patience_s:g} s") from None
