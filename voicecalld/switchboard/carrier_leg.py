"""What we ask of the carrier for one call, each request under a time limit of its own."""

from typing import Final

import structlog
import trio

from voicecalld.call.events import HungUp
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.ids import ProviderCallId
from voicecalld.net.retry import SERVER_ERROR
from voicecalld.provider.base import PlaceOrder
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.switchboard.services import CarrierAccess

log: Final = structlog.get_logger()

# Carriers answer within a second or two. After this nobody knows whether the call exists.
PLACE_S = 15.0

REQUEST_S = 5.0

NOT_FOUND: Final = 404

# A carrier's own parts learn of an answer one after the other: a call whose stream is open may
# not be "in progress" for its REST API until a moment later.
TOO_EARLY_PAUSES_S = (0.25, 0.75, 1.0)


class LegOverError(CarrierError):
    """The carrier would not obey only because the call is over; never leaves the switchboard."""


class CarrierLeg:
    """The carrier's end of one call; ``order`` is None for a call that came to us.

    ``call`` is what the carrier calls it. It is None until `place` has returned or a webhook has
    told; whoever reads the webhook sets it. Until the carrier ``has_reported`` the call itself,
    that may be the name of the order to place it.
    """

    def __init__(self, access: CarrierAccess, order: PlaceOrder | None) -> None:
        self.provider = access.provider
        self.link = access.link
        self.links = access.links
        self.refusals = access.refusals
        self.refused_before = access.refusals.count
        self.order = order
        self.call: ProviderCallId | None = None
        self.is_dial_unanswered = False
        self.has_reported = False
        self.was_found = False  # by a request to end it, so that the next one may find nothing

    def explain_silence(self) -> str:
        """Why the carrier may have reported nothing of a call that there is or may be.

        Empty if it has, or if nothing of it was refused meanwhile.
        """
        if self.has_reported or (self.call is None and not self.is_dial_unanswered):
            return ""
        return self.refusals.describe_since(self.refused_before, self.provider.name)

    async def place(self, order: PlaceOrder) -> ProviderCallId:
        """Place the call, and remember what the carrier calls it.

        Raises:
            OutcomeUnknownError: the call may exist; only a webhook of it can tell.
            CarrierError: there is no call.
        """
        self.is_dial_unanswered = True
        try:
            placed = await self.dial(order)
        except OutcomeUnknownError:
            raise
        except CarrierError:
            self.is_dial_unanswered = False
            raise
        self.is_dial_unanswered = False
        # A webhook may have come first: it names the call, and this perhaps only the order.
        self.call = self.call or placed
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
            if is_refusal(response):
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
                it may be dialling a call that it has not named, or has given another name.
        """
        if self.call is None and self.is_dial_unanswered:
            raise CarrierError("the carrier has not said whether there is a call")
        failure: CarrierError | None = None
        requests = self.list_ends()
        for request in requests:
            try:
                response = await self.end_by(request)
            except CarrierError as error:  # what follows may end it all the same
                failure = error
            else:
                self.was_found = self.was_found or response.status != NOT_FOUND
        if failure is not None:
            raise failure
        if len(requests) > 1 and not self.was_found:
            raise CarrierError("the carrier knows neither the order nor a call of its name")

    def list_ends(self) -> list[HttpRequest]:
        """The requests that end the order that the call may still be, and the call.

        In this order, so that an order that becomes a call in between is found as a call.
        """
        if self.call is None:
            return []
        rest = self.provider.rest
        cancel = None if self.has_reported else rest.cancel(self.call)
        return ([] if cancel is None else [cancel]) + [rest.hang_up(self.call)]

    async def end_by(self, request: HttpRequest) -> HttpResponse:
        """Send *request*, after which the call is to be over; gives the answer."""
        try:
            return await self.end_by_once(request)
        except CarrierError:  # a request that was lost is worth one more
            return await self.end_by_once(request)

    async def end_by_once(self, request: HttpRequest) -> HttpResponse:
        """Send *request* once; gives the answer."""
        response = await self.request(request, REQUEST_S)
        if not self.provider.rest.is_hung_up(response):
            raise self.failure(response, "hanging up")
        return response

    def known_call(self) -> ProviderCallId:
        """What the carrier calls this call.

        Raises:
            CarrierError: nobody knows yet.
        """
        if self.call is None:
            raise CarrierError("the carrier has not named the call yet")
        return self.call

    async def change(self, request: HttpRequest | None, what: str) -> bool:
        """Change a call that is going on; False if the carrier has no such request.

        Raises:
            LegOverError: it refused, only because the call is over.
            CarrierError: it refused, or did not answer in time.
        """
        if request is None:
            return False
        response = await self.request(request, REQUEST_S)
        for pause_s in TOO_EARLY_PAUSES_S:
            if not self.provider.rest.is_too_early(response):
                break
            await trio.sleep(pause_s)
            response = await self.request(request, REQUEST_S)
        if 200 <= response.status < 300:
            return True
        commands = self.provider.commands
        if commands is not None and commands.is_over(response):
            raise LegOverError("the call is over at the carrier")
        raise self.failure(response, what)

    def failure(self, response: HttpResponse, what: str) -> CarrierError:
        """The error that tells what the carrier has answered instead of doing *what*."""
        is_open = response.status >= SERVER_ERROR or response.follows_doubt
        kind = OutcomeUnknownError if is_open else CarrierError
        return kind(f"the carrier answered {what} with {self.provider.rest.explain(response)}")

    async def request(self, request: HttpRequest, patience_s: float) -> HttpResponse:
        """Send *request*, and turn silence into an error."""
        try:
            with trio.fail_after(patience_s):
                return await self.link.request(request)
        except trio.TooSlowError:
            raise OutcomeUnknownError(f"the carrier did not answer in {patience_s:g} s") from None


def is_refusal(response: HttpResponse) -> bool:
    """Whether the carrier has refused for certain: also whenever it was asked before."""
    return 400 <= response.status < SERVER_ERROR and not response.follows_doubt
