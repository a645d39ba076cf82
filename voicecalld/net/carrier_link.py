"""The way to a carrier's REST API, whatever carries it."""

from typing import Protocol

from voicecalld.provider.http import HttpRequest, HttpResponse


class CarrierLink(Protocol):
    """Sends what a provider asked for; one for each carrier in use."""

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send *request* and wait for the answer; the caller sets the deadline.

        Raises:
            CarrierError: no answer can be had.
        """
