"""What we ask of the carrier for one call, each request under a time limit of its own."""

import trio

from voicecalld.errors import CarrierError
from voicecalld.ids import ProviderCallId
from voicecalld.net.carrier_link import CarrierLink
from voicecalld.provider.base import PlaceOrder, Provider
from voicecalld.provider.http import HttpRequest, HttpResponse

# Carriers answer within a second or two. After this nobody knows whether the call exists.
PLACE_S = 15.0

REQUEST_S = 5.0


class CarrierLeg:
    """The carrier's end of one call; ``order`` is None for a call that came to us."""

    def __init__(self, provider: Provider, link: CarrierLink, order: PlaceOrder | None) -> None:
        self.provider = provider
        self.link = link
        self.order = order
        self.call: ProviderCallId | None = None
        self.is_dial_unanswered = False

    async def place(self, order: PlaceOrder) -> ProviderCallId:
        """Place the call, and remember what the carrier calls it.

        Raises:
            CarrierError: the carrier refused, or did not answer in time.
        """
        self.is_dial_unanswered = True
        response = await self.request(self.provider.rest.place(order), PLACE_S)
        self.is_dial_unanswered = not 400 <= response.status < 500  # those refuse for certain
        self.call = self.provider.rest.read_placed(response)
        return self.call

    async def press(self, digits: str) -> None:
        """Press keys towards the other party.

        Raises:
            CarrierError: the carrier refused, or did not answer in time.
        """
        if self.call is None:
            raise CarrierError("the carrier has not named the call yet")
        response = await self.request(self.provider.rest.press(self.call, digits), REQUEST_S)
        if not 200 <= response.status < 300:
            raise CarrierError(f"the carrier refused the keys with status {response.status}")

    async def hang_up(self) -> None:
        """End the call at the carrier.

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
            raise CarrierError(f"the carrier answered hanging up with status {response.status}")

    async def request(self, request: HttpRequest, patience_s: float) -> HttpResponse:
        """Send *request*, and turn silence into an error."""
        try:
            with trio.fail_after(patience_s):
                return await self.link.request(request)
        except trio.TooSlowError:
            raise CarrierError(f"the carrier did not answer in {patience_s:g} s") from None
