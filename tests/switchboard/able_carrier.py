"""A leg over a scripted link, to a carrier that can do what is asked of it."""

from collections.abc import Callable

from tests.fakes.scripted_link import ScriptedLink
from voicecalld.call.events import EndReason, HungUp
from voicecalld.ids import CallId, PhoneNumber, ProviderCallId
from voicecalld.provider.base import PlaceOrder, RestApi
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.mock.rest import MockRest
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.services import CarrierAccess

CALL = ProviderCallId("mock-0123456789abcdef")
BUSY = HungUp(reason=EndReason.BUSY)
ORDER = PlaceOrder(
    call_id=CallId("0123456789abcdef0123456789abcdef"),
    to=PhoneNumber("+15550001234"),
    from_=PhoneNumber("+15550005678"),
    webhook_url="http://127.0.0.1/voice",
    ring_timeout_s=30.0,
    max_duration_s=300.0,
)
PLACED = HttpResponse(status=201, body=b'{"id": "%s"}' % CALL.encode())
DONE = HttpResponse(status=204)
FAILED = HttpResponse(status=400, body=b"no such thing")
DOWN = HttpResponse(status=503, body=b"in maintenance")


class AbleRest(MockRest):
    """A carrier that can be asked for everything but keys."""

    def press(  # type: ignore[override]  # as `RestApi` allows
        self, _call: ProviderCallId, _digits: str
    ) -> HttpRequest | None:
        return None

    def redirect(self, call: ProviderCallId, url: str) -> HttpRequest | None:
        return HttpRequest(method="POST", url=f"mock://{call}", body=url.encode())

    def fetch(self, call: ProviderCallId) -> HttpRequest | None:
        return HttpRequest(method="GET", url=f"mock://{call}", is_repeatable=True)

    def read_end(self, response: HttpResponse) -> HungUp | None:
        return BUSY if response.body == b"busy" else None


class AbleProvider(MockProvider):
    @property
    def rest(self) -> RestApi:
        return AbleRest()


def leg_over(link: ScriptedLink, make: Callable[..., MockProvider] = MockProvider) -> CarrierLeg:
    links = Links(webhook_url="", stream_url="")
    access = CarrierAccess(provider=make(key=b"key"), link=link, links=links)
    leg = CarrierLeg(access, ORDER)
    leg.call = CALL
    return leg
