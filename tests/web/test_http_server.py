import importlib.metadata
import inspect
import re

import pytest
import structlog
import trio
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from hypercorn.utils import parse_socket_addr, wrap_app

from tests.web.doorway import build_doorway, open_doorway
from tests.web.hostile import UPGRADE, ask, post, status_of
from voicecalld.web.connection import RequestStream
from voicecalld.web.http_server import HttpServer, build_config
from voicecalld.web.streams import PendingStream

TLS = {"do_handshake", "selected_alpn_protocol", "transport_stream"}


def test_hypercorn_is_what_it_was_when_we_learned_to_use_it() -> None:
    source = inspect.getsource(TCPServer)

    assert importlib.metadata.version("hypercorn").startswith("0.18.")
    assert list(inspect.signature(TCPServer).parameters) == [
        *("app", "config", "context", "state", "stream"),
    ]
    assert list(inspect.signature(WorkerContext).parameters) == ["max_requests"]
    assert list(inspect.signature(wrap_app).parameters) == ["app", "wsgi_max_body_size", "mode"]
    # What it asks of a stream: all of it we have, without the part about TLS.
    asked = set(re.findall(r"self\.stream\.(\w+)", source)) - {"run"}
    assert asked - TLS == {"socket", "receive_some", "send_all", "send_eof", "aclose"}
    assert not TLS & set(dir(RequestStream))
    assert "except AttributeError:  # Not SSL" in source
    assert "socket.getpeername()" in source
    assert parse_socket_addr.__module__ == "hypercorn.utils"


def test_hypercorn_tells_nothing_by_itself() -> None:
    config = build_config()

    assert (config.accesslog, config.errorlog) == (None, None)
    assert config.response_headers("h11")[0][0] == b"date"
    assert len(config.response_headers("h11")) == 1


async def test_a_bug_of_the_application_fails_one_request_and_is_told_in_our_log() -> None:
    async def broken(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        raise ZeroDivisionError("words of a caller")

    async with open_doorway() as doorway:
        works = doorway.edge.http
        doorway.edge.http = HttpServer(broken)
        with structlog.testing.capture_logs() as logged:
            answer = await ask(doorway.address, post())
        doorway.edge.http = works

        assert status_of(await ask(doorway.address, post())) == 200

    assert status_of(answer) == 500
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [
        ("request failed", "error")
    ]
    assert isinstance(logged[0]["exc_info"], ZeroDivisionError)


async def test_a_bug_of_the_server_ends_one_connection_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_args: object) -> None:
        raise ZeroDivisionError

    async with open_doorway() as doorway:
        with structlog.testing.capture_logs() as logged, monkeypatch.context() as patch:
            patch.setattr(doorway.edge.http, "serve", broken)
            answer = await ask(doorway.address, post())

        assert status_of(await ask(doorway.address, post())) == 200

    assert answer == b""
    assert [entry["event"] for entry in logged] == ["connection failed"]


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError("no space left")])
async def test_a_bug_of_a_media_stream_ends_one_connection_and_no_other(error: Exception) -> None:
    async def broken(_stream: trio.SocketStream, _pending: PendingStream) -> None:
        raise error

    async with open_doorway() as doorway:
        doorway.edge.open_streams = dict.fromkeys(doorway.edge.open_streams, broken)
        with structlog.testing.capture_logs() as logged:
            answer = await ask(doorway.address, UPGRADE + b"\r\n")

        assert status_of(await ask(doorway.address, post())) == 200
        assert not doorway.edge.streams.open

    assert answer == b""
    assert [entry["event"] for entry in logged] == ["media stream failed"]


def test_an_edge_that_never_runs_costs_nothing() -> None:
    assert build_doorway().is_empty
