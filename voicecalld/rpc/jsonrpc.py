"""JSON-RPC 2.0 as the daemon speaks it: clients' lines as values, and answers as lines.

Reading a client's line never raises: a line that is no request becomes the `Failure` to answer
it with.

Source: https://www.jsonrpc.org/specification
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from voicecalld.rpc.json_line import Json, JsonObject, parse_json, render_line

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INTERNAL_ERROR: Final = -32603
TOO_MANY_CONNECTIONS: Final = -32000
NOT_RECORDED: Final = -32001

MAX_BATCH_REQUESTS: Final = 50
"""More than anybody writes by hand; all of its answers are held until the last one is there."""

PROTOCOL_ERRORS: Final[Mapping[int, str]] = {
    PARSE_ERROR: "The line is not one JSON document in UTF-8; nothing in it was done.",
    INVALID_REQUEST: "The document is no JSON-RPC 2.0 request, or the line or batch is too long.",
    METHOD_NOT_FOUND: "There is no such method here.",
    INTERNAL_ERROR: "The daemon could not do it; its log has the details.",
    TOO_MANY_CONNECTIONS: "The control socket has as many connections as it takes.",
    NOT_RECORDED: "The journal cannot be written or read, so nothing can be promised.",
}

RequestId: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A method to be run, and answered under *id*."""

    id: RequestId
    method: str
    params: list[Json] | JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A method to be run without an answer; or, from the daemon, something that happened."""

    method: str
    params: list[Json] | JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The answer to a request that was done."""

    id: RequestId
    result: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The answer to a request that was not done; *id* is null if it could not be read."""

    id: RequestId
    code: int
    message: str
    data: JsonObject | None = None


Response: TypeAlias = Result | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Several requests in one line; a `Failure` stands where one could not be read."""

    items: tuple[Request | Notification | Failure, ...]


def parse_request(line: bytes) -> Request | Notification | Batch | Failure:
    """Read a client's line; the `Failure` is the answer to a line that cannot be used."""
    try:
        document = parse_json(line)
    except ValueError as error:
        return Failure(id=None, code=PARSE_ERROR, message=f"Parse error: {error}")
    if not isinstance(document, list):
        return parse_single_request(document)
    if not document:
        return invalid_request(None, "an empty batch")
    if len(document) > MAX_BATCH_REQUESTS:
        return invalid_request(None, f"a batch of more than {MAX_BATCH_REQUESTS} requests")
    return Batch(items=tuple(parse_single_request(item) for item in document))


def parse_single_request(document: Json) -> Request | Notification | Failure:
    """Read one request of a line."""
    if not isinstance(document, dict):
        return invalid_request(None, "not an object")
    if "id" in document and not is_id(document["id"]):
        return invalid_request(None, "id must be a string, a number or null")
    # An id that can be read goes into the answer, so that the client knows what was refused.
    match document:
        case {"jsonrpc": "2.0", "method": str(method)}:
            return build_request(document, method)
        case {"jsonrpc": "2.0"}:
            return invalid_request(document, "method must be a string")
        case _:
            return invalid_request(document, 'jsonrpc must be "2.0"')


def build_request(document: JsonObject, method: str) -> Request | Notification | Failure:
    """The request in *document*, whose version, id and method are sound."""
    params = document.get("params")
    # A null is not what "params" may be; leaving it out is.
    if "params" in document and not isinstance(params, list | dict):
        return invalid_request(document, "params must be an object")
    assert params is None or isinstance(params, list | dict)
    if "id" not in document:
        return Notification(method=method, params=params)
    return Request(id=id_of(document), method=method, params=params)


def join_responses(lines: list[bytes]) -> bytes:
    """The line that answers a batch, from those that would answer its requests one by one."""
    return b"[" + b",".join(line.removesuffix(b"\n") for line in lines) + b"]\n"


def render_response(response: Response) -> bytes:
    """The line that carries *response*, with its line feed."""
    return render_line(response_document(response))


def render_notification(notification: Notification) -> bytes:
    """The line that tells a client something, with its line feed."""
    params = notification.params
    return render_line({"jsonrpc": "2.0", "method": notification.method, "params": params})


def response_document(response: Response) -> JsonObject:
    """*response* as JSON."""
    if isinstance(response, Result):
        return {"jsonrpc": "2.0", "id": response.id, "result": response.result}
    error: JsonObject = {"code": response.code, "message": response.message}
    if response.data is not None:
        error["data"] = response.data
    return {"jsonrpc": "2.0", "id": response.id, "error": error}


def is_id(value: Json) -> bool:
    """Whether *value* may be an id; Python counts ``true`` as a number, JSON does not."""
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def id_of(document: JsonObject) -> RequestId:
    """The id in *document*, or null."""
    match document.get("id"):
        case str() | int() | float() as found:
            return found
        case _:
            return None


def invalid_request(document: JsonObject | None, why: str) -> Failure:
    """The answer to a document that is no request."""
    found = None if document is None else id_of(document)
    return Failure(id=found, code=INVALID_REQUEST, message=f"Invalid Request: {why}")
