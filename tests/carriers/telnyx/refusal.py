"""What Telnyx's REST API answers when it does not obey."""

import json
from collections.abc import Mapping
from typing import Any

from voicecalld.provider.http import HttpResponse

REQUEST_HEADERS = {"content-type": "application/json; charset=utf-8", "x-request-id": "r-0"}


class RefusedError(Exception):
    """A request that is refused; ``pointer`` is the field that is wrong."""

    def __init__(
        self,
        status: int,
        code: int,
        title: str,
        detail: str = "",
        *,
        pointer: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail or title
        self.pointer = pointer
        self.headers = headers or {}


def unknown_call() -> RefusedError:
    """A call that does not exist."""
    return RefusedError(404, 10005, "Resource not found", "The call does not exist.")


def bad_call_id() -> RefusedError:
    """A name that no call can have."""
    return RefusedError(422, 90015, "Invalid Call Control ID")


def call_has_ended() -> RefusedError:
    """A call that is over."""
    detail = "This call is no longer active and can't receive commands."
    return RefusedError(422, 90018, "Call has already ended", detail)


def not_answered() -> RefusedError:
    """A call that is not in that state yet."""
    detail = "This command needs a call that has been answered."
    return RefusedError(422, 90034, "Call not answered yet", detail)


def bad_value(field: str, detail: str) -> RefusedError:
    """A field that has not the value it must have."""
    return RefusedError(422, 10015, "Bad Request", f"{field}: {detail}", pointer=f"/{field}")


def wrong_state(detail: str) -> RefusedError:
    """A command that does not fit."""
    return RefusedError(422, 10027, "Unprocessable Entity", detail)


def answer_json(
    status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """An answer of the API."""
    all_headers = {**REQUEST_HEADERS, **(headers or {})}
    return HttpResponse(status=status, headers=all_headers, body=json.dumps(content).encode())


def answer_refusal(refusal: RefusedError) -> HttpResponse:
    """A refusal in Telnyx's form."""
    error: dict[str, Any] = {
        "code": str(refusal.code),
        "title": refusal.title,
        "detail": refusal.detail,
        "meta": {"url": f"https://developers.telnyx.com/docs/overview/errors/{refusal.code}"},
    }
    if refusal.pointer:
        error["source"] = {"pointer": refusal.pointer}
    return answer_json(refusal.status, {"errors": [error]}, refusal.headers)
