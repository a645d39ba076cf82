"""From a request to its response: finds the method, runs it, and words what went wrong."""

from dataclasses import dataclass

import structlog

from voicecalld.control.handlers import HANDLERS, Answer, Subscribed
from voicecalld.control.parties import Service
from voicecalld.control.tool import use_tool
from voicecalld.errors import (
    AlreadySubscribedError,
    BadParameterError,
    JournalError,
    RequestError,
    VoicecallError,
)
from voicecalld.rpc.json_line import Json, JsonObject
from voicecalld.rpc.jsonrpc import (
    INTERNAL_ERROR,
    METHOD_NOT_FOUND,
    NOT_RECORDED,
    Failure,
    Notification,
    Request,
    RequestId,
    Response,
    Result,
)

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The response to a request; and the event after which its client wants to be told all."""

    response: Response
    follow_after: int | None = None


def offers(service: Service, method: str) -> bool:
    """Whether there is such a method here; only the mock carrier can be made to ring."""
    if method == "mock.ring":
        return service.ring is not None
    return method == "voice_call" or method in HANDLERS


def complain(service: Service, method: str) -> str:
    """Why *method* is not offered."""
    if method in HANDLERS:
        provider = service.identity.provider
        return f'Method not found: {method} needs provider "mock", and this is "{provider}"'
    return f"Method not found: {method[:100]}"


async def run_method(service: Service, method: str, params: Json) -> Answer:
    """Run a method that `offers` knows."""
    if method == "voice_call":
        return await use_tool(service, params)
    return await HANDLERS[method].run(service, params)


class Dispatcher:
    """Answers the requests of one client, whatever happens in their methods."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.subscribed = False

    async def answer(self, request: Request | Notification) -> Answered:
        """Run *request*; what is answered to a notification is for nobody."""
        request_id = request.id if isinstance(request, Request) else None
        if not offers(self.service, request.method):
            return failed(request_id, METHOD_NOT_FOUND, complain(self.service, request.method))
        try:
            answer = await run_method(self.service, request.method, request.params)
            return self.note(request_id, answer)
        except RequestError as error:
            return failed(request_id, error.code, str(error), refusal_data(error))
        except JournalError as error:
            # The disk, not a bug: whoever reads this needs no list of our functions.
            log.warning("control method not done", method=request.method, reason=str(error))
            return failed(request_id, NOT_RECORDED, str(error))
        except VoicecallError as error:
            log.exception("control method failed", method=request.method)
            return failed(request_id, INTERNAL_ERROR, f"internal error: {error}")
        except Exception:
            # A bug in one method ends one request and nothing else.
            log.exception("control method failed", method=request.method)
            return failed(request_id, INTERNAL_ERROR, "internal error")

    def note(self, request_id: RequestId, answer: Answer) -> Answered:
        """The response that carries *answer*; a client is told of each event only once."""
        if not isinstance(answer, Subscribed):
            return Answered(response=Result(id=request_id, result=answer))
        if self.subscribed:
            raise AlreadySubscribedError("this connection receives events already")
        self.subscribed = True
        response = Result(id=request_id, result=answer.result)
        return Answered(response=response, follow_after=answer.after)


def failed(
    request_id: RequestId, code: int, message: str, data: JsonObject | None = None
) -> Answered:
    """The answer to a request that was not done."""
    return Answered(response=Failure(id=request_id, code=code, message=message, data=data))


def refusal_data(error: RequestError) -> JsonObject | None:
    """The parameter that was wrong, for programs that mark it."""
    if isinstance(error, BadParameterError) and error.parameter is not None:
        return {"parameter": error.parameter}
    return None
