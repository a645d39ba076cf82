"""The HTTP application: the paths of the carriers' webhooks, and nothing else."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import trio
from quart import Response, request
from quart_trio import QuartTrio

from voicecalld.provider.http import Reply
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.strays import WrongPaths
from voicecalld.web.webhooks import WebhookDoor, client_of, read_headers, render

REFUSALS = (
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)
"""What Quart refuses by itself."""

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]


def build_app(doors: Sequence[WebhookDoor], limits: EdgeLimits | None = None) -> QuartTrio:
    """An application that opens *doors*, within the same *limits* as the edge in front of it."""
    limits = limits or EdgeLimits()
    app = QuartTrio("voicecalld", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = limits.body_bytes
    app.config["BODY_TIMEOUT"] = limits.body_s
    app.url_map.merge_slashes = False  # else //voice/webhook would be redirected to it
    for number, door in enumerate(doors):
        for path in sorted(door.paths):
            app.add_url_rule(
                path.decode(),
                f"webhooks-{number}-{len(path)}",
                door.answer,
                methods=METHODS,
                provide_automatic_options=False,
            )
    for status in REFUSALS:
        app.register_error_handler(status, partial(refuse, status))
    app.register_error_handler(HTTPStatus.NOT_FOUND, partial(refuse_path, wrong_paths_for(doors)))
    return app


def wrong_paths_for(doors: Sequence[WebhookDoor]) -> WrongPaths:
    """Whoever tells of requests at other paths than those of *doors*."""
    carriers = {door.reception.carrier.name: door.reception.carrier for door in doors}
    return WrongPaths([door.path for door in doors], carriers, trio.current_time)


async def refuse_path(wrong_paths: WrongPaths, error: Exception) -> Response:
    """The refusal of a request at a path where nothing is."""
    scope: Any = request.scope
    path = scope["raw_path"].decode("latin-1")
    wrong_paths.note(path, read_headers(scope["headers"]), client_of(scope))
    return await refuse(HTTPStatus.NOT_FOUND, error)


async def refuse(status: HTTPStatus, _error: Exception) -> Response:
    """A refusal that has as few words as those of the doors."""
    return render(Reply(status=status, body=status.phrase.encode()))
