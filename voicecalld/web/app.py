"""The HTTP application: one path for a carrier's webhooks, and nothing else."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from quart import Response
from quart_trio import QuartTrio

from voicecalld.provider.http import Reply
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.webhooks import WebhookDoor, render

REFUSALS = (
    HTTPStatus.NOT_FOUND,
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
    return app


async def refuse(status: HTTPStatus, _error: Exception) -> Response:
    """A refusal that has as few words as those of the doors."""
    return render(Reply(status=status, body=status.phrase.encode()))
