"""The way to a carrier's REST API, whatever carries it."""

from typing import Protocol

from voicecalld.provider.http import HttpRequest, HttpResponse


class CarrierLink(Protocol):
    """Sends what a provider asked for; one for each carrier in use.

    It may send a request several times, within the caller's deadline: one that the carrier has not
    processed, and one that ``is_repeatable``.
    """

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send *request* and wait for the answer; the caller sets the deadline.

        Every answer is given as it is, refusals too. One of 5xx does not tell what has become of
        the request, but it may tell why.

        Raises:
            UnreachableError: nothing has left this machine.
            OutcomeUnknownError: the request was sent, and no answer tells what has become of it.
            CarrierError: it cannot be sent at all.
        """
