"""What the switchboard may refuse, and that clients learn of it: by code, and from the table."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from tests.control.test_handlers import ASKED
from tests.fakes.control_parties import Office
from tests.fakes.line_client import connected
from voicecalld import switchboard
from voicecalld.errors import (
    AlreadySubscribedError,
    BadParameterError,
    CallBusyError,
    CallEndedError,
    CallRefusedError,
    NoReplyError,
    NoSuchCallError,
    NotConnectedError,
    NotSpokenError,
    PermissionDeniedError,
    RequestError,
    StoppingError,
    TooManyCallsError,
)
from voicecalld.rpc.methods import ANY_METHOD, METHODS

# As registry.py, prompting.py and actor.py raise them.
ON_A_CALL = {NoSuchCallError, CallEndedError, NotConnectedError}
OF_THE_SWITCHBOARD: dict[str, set[type[RequestError]]] = {
    "voicecall.initiate": {
        BadParameterError, CallEndedError, CallRefusedError, StoppingError, TooManyCallsError,
    },
    "voicecall.continue": ON_A_CALL | {CallBusyError, NoReplyError, NotSpokenError},
    "voicecall.speak": ON_A_CALL | {CallBusyError, NotSpokenError},
    "voicecall.dtmf": ON_A_CALL | {CallRefusedError},
    "voicecall.end": {CallRefusedError, NoSuchCallError},
}  # fmt: skip
OF_THE_SOCKET: dict[str, set[type[RequestError]]] = {
    "voicecall.transcript": {NoSuchCallError},
    "voicecall.latency": {NoSuchCallError},
    "voicecall.timeline": {NoSuchCallError},
    "voicecall.subscribe": {AlreadySubscribedError},
}
EACH = [
    (method, error)
    for method, errors in OF_THE_SWITCHBOARD.items()
    for error in sorted(errors, key=lambda error: error.code)
]


def errors_known_to_the_switchboard() -> Iterator[type[RequestError]]:
    for module in pkgutil.iter_modules(switchboard.__path__, "voicecalld.switchboard."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, RequestError):
                yield value


@pytest.mark.parametrize("method", METHODS)
def test_a_method_names_every_error_that_it_may_be_refused_with(method: str) -> None:
    raised = OF_THE_SWITCHBOARD.get(method, set()) | OF_THE_SOCKET.get(method, set())

    assert set(METHODS[method].errors) == raised - set(ANY_METHOD)


def test_no_error_of_the_switchboards_is_forgotten_here() -> None:
    listed = {error for errors in OF_THE_SWITCHBOARD.values() for error in errors}

    assert set(errors_known_to_the_switchboard()) - {RequestError} == listed


def test_every_refusal_belongs_to_a_method_or_to_all() -> None:
    named = {error for method in METHODS.values() for error in method.errors}

    assert named | set(ANY_METHOD) == set(RequestError.__subclasses__())
    assert PermissionDeniedError in ANY_METHOD


@pytest.mark.parametrize(("method", "error"), EACH)
async def test_a_refusal_of_the_switchboards_is_answered_with_its_code(
    office: Office, method: str, error: type[RequestError]
) -> None:
    office.calls.error = error("the reason")
    async with office.open(), connected(office.path) as client:
        answer = await client.ask(method, **ASKED[method])

    assert answer == {"code": error.code, "message": "the reason"}


@pytest.mark.parametrize(("method", "error"), EACH)
async def test_a_refusal_of_the_switchboards_is_told_to_the_users_of_the_tool(
    office: Office, method: str, error: type[RequestError]
) -> None:
    from voicecalld.control.tool import ACTIONS

    (action,) = (action for action, used in ACTIONS.items() if used == method)
    office.calls.error = error("the reason")
    async with office.open(), connected(office.path) as client:
        answer = await client.ask("voice_call", action=action, **ASKED[method])

    assert answer == {"error": "the reason"}
