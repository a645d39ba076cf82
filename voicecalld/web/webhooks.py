"""A webhook's way from an HTTP request to the reception, the cheapest checks first.

Path, method, the presence of a signature, and how much one address asks at once are looked at
before the body is read. What is refused, here or by the reception, leaves no trace but in the log,
which tells of it no more than once in ten seconds: anybody can send it, as often as he likes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from quart import Response, abort, request
from quart.wrappers import Request

from voicecalld.provider.http import Reply, Webhook
from voicecalld.switchboard.reception import UNAUTHORIZED, Reception
from voicecalld.web.client_address import PEER_EXTENSION, household
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.public_url import PublicUrls
from voicecalld.web.strays import explain_unsigned, find_sender

NOT_ALLOWED = Reply(status=405, body=b"Method Not Allowed")
TOO_MANY = Reply(status=429, body=b"Too Many Requests")


class WebhookDoor:
    """The webhooks of one carrier at one path."""

    def __init__(
        self, reception: Reception, path: str, urls: PublicUrls, limits: EdgeLimits | None = None
    ) -> None:
        self.reception = reception
        self.path = path
        self.paths = frozenset({path.encode(), f"{path}/".encode()})
        self.urls = urls
        self.limits = limits or EdgeLimits()
        self.in_flight: Counter[str] = Counter()

    async def answer(self) -> Response:
        """Answer the request that is being handled."""
        return render(await self.handle(request))

    async def handle(self, asked: Request) -> Reply:
        """What *asked* is to be answered with."""
        scope: Any = asked.scope
        if scope["raw_path"] not in self.paths:  # the decoded path may only look like ours
            abort(HTTPStatus.NOT_FOUND)
        headers = read_headers(scope["headers"])
        if scope["method"] != "POST":  # the other one is in capitals, whatever was sent
            return self.refuse_method(headers, client_of(scope))
        if not self.may_be_genuine(headers):
            return self.refuse_unsigned(headers, client_of(scope))
        client = household(client_of(scope))
        if self.in_flight[client] >= self.limits.webhooks_per_address:
            return TOO_MANY
        with self.counting(client):
            return await self.bring_in(asked, headers)

    def may_be_genuine(self, headers: Mapping[str, str]) -> bool:
        """Whether there is a signature at all, if there must be one."""
        if self.reception.settings.skip_signature_verification:
            return True
        return self.is_signed(headers)

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        """Whether there is a signature, genuine or not."""
        return headers.keys() >= {*self.reception.provider.signature_headers}

    def refuse_method(self, headers: Mapping[str, str], client: str) -> Reply:
        """Refuse what is no POST; of the carrier's own the operator is told."""
        if self.is_signed(headers):
            self.reception.refuse("it is no POST; choose that at the carrier", client)
        return NOT_ALLOWED

    def refuse_unsigned(self, headers: Mapping[str, str], client: str) -> Reply:
        """Refuse what has no signature, and tell the operator whose it may be."""
        sender = find_sender(headers, self.reception.services.carriers)
        reason = explain_unsigned(self.reception.carrier, sender)
        if sender is None:
            return self.reception.refuse(reason, client)
        sender.refusals.note(reason)
        self.reception.tell("webhook refused", reason, client)
        return UNAUTHORIZED

    @contextmanager
    def counting(self, client: str) -> Iterator[None]:
        """Count a request of *client*."""
        self.in_flight[client] += 1
        try:
            yield
        finally:
            self.in_flight[client] -= 1
            if not self.in_flight[client]:
                del self.in_flight[client]

    async def bring_in(self, asked: Request, headers: Mapping[str, str]) -> Reply:
        """Read the rest of the webhook, and have it obeyed."""
        body = await asked.get_data(cache=False, parse_form_data=False, as_text=False)
        scope = asked.scope
        peer = peer_of(scope)
        path, query = (scope[part].decode("latin-1") for part in ("raw_path", "query_string"))
        url = self.urls.signed_url(path, query, headers, peer)
        client = client_of(scope)
        webhook = Webhook(method="POST", url=url, headers=headers, body=body, client=client)
        return await self.reception.receive_webhook(webhook, peer)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """The headers that are there once; of what is there twice nobody knows which is meant."""
    found = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
    times = Counter(name for name, _ in found)
    return {name: value for name, value in found if times[name] == 1}


def client_of(scope: Any) -> str:
    """Who asks, whom a proxy may speak for; an empty text if that is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def peer_of(scope: Any) -> str:
    """Who is at the other end of the connection: the client, or a proxy."""
    introduced = scope.get("extensions", {}).get(PEER_EXTENSION)
    return str(introduced["address"]) if introduced else client_of(scope)


def render(reply: Reply) -> Response:
    """*reply* as an HTTP response."""
    response = Response(reply.body, status=reply.status, content_type=reply.content_type)
    if reply.status == NOT_ALLOWED.status:
        response.headers["Allow"] = "POST"  # RFC 9110, 15.5.6: it must be said
    return response
