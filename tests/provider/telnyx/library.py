"""What Telnyx's own library would send, caught before it leaves the machine.

It is loaded when it is asked: that takes seconds, and most who run the tests ask for others.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx

from voicecalld.provider.http import HttpRequest

if TYPE_CHECKING:
    from telnyx import Telnyx


def sent_by_library(ask: Callable[["Telnyx"], object]) -> tuple[str, str, object]:
    """The method, the URL and the fields of the request that *ask* has the library send."""
    from telnyx import Telnyx

    caught: list[httpx.Request] = []

    def catch(request: httpx.Request) -> httpx.Response:
        caught.append(request)
        return httpx.Response(200, json={"data": {}})

    with (
        httpx.Client(transport=httpx.MockTransport(catch)) as http_client,
        Telnyx(api_key="KEY", max_retries=0, http_client=http_client) as library,
    ):
        ask(library)
    (request,) = caught
    return request.method, str(request.url), read_fields(request.content)


def sent_by_us(request: HttpRequest) -> tuple[str, str, object]:
    """The same of a request of ours."""
    return request.method, str(httpx.URL(request.url)), read_fields(request.body)


def read_fields(body: bytes) -> object:
    """The fields in *body*; None if it is empty."""
    fields: object = json.loads(body) if body else None
    return fields
