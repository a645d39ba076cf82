"""A service over HTTP whose server is one of these tests, and what that answers."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from tests.fakes.rest_server import Act, RestServer
from tests.net.link_to_server import LOOPBACK_PEM
from voicecalld.net.service_http import ServiceHttp, ServiceRequest, open_service_http

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Request-Id: 7\r\n\r\n"


@asynccontextmanager
async def opened(most_at_once: int = 4) -> AsyncGenerator[ServiceHttp, None]:
    """A service whose server is one of these tests."""
    trust = ssl.create_default_context(cafile=LOOPBACK_PEM)
    async with open_service_http(most_at_once=most_at_once, trust=trust) as http:
        yield http


def speech(server: RestServer, **headers: str) -> ServiceRequest:
    return ServiceRequest(method="POST", url=server.url, headers=headers, body=b'{"input":"Hi"}')


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def drip(server: RestServer, stream: trio.abc.Stream) -> None:
    """Answer without end, a piece for each turn of the loop and more."""
    await stream.send_all(CHUNKED_HEAD)
    while True:
        await stream.send_all(chunk(b"sound") * 3)
        await trio.lowlevel.checkpoint()


def stall_after(data: bytes) -> Act:
    """Begin to answer, and then say nothing more."""

    async def act(server: RestServer, stream: trio.abc.Stream) -> None:
        await stream.send_all(CHUNKED_HEAD + chunk(data))
        await stream.receive_some()

    return act
