"""What it means that a carrier has not answered an order to place a call with the call's id."""

from typing import Final

from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.provider.http import HttpResponse

UNAUTHORIZED: Final = 401


def describe_refusal(response: HttpResponse, words: str, *keys: str) -> CarrierError:
    """The error to be raised because of *response*, which *words* explain.

    Only an answer that blames the order says for certain that there is no call. One that blames
    us for who we are is about the settings *keys*, which may stand in the environment as well.
    """
    if response.status == UNAUTHORIZED and keys:
        variables = ", ".join(key.replace(".", "_").upper() for key in keys)
        return CarrierError(
            f"the carrier does not know us: check {', '.join(keys)} (in the environment: "
            f"{variables}); it answered with {words}"
        )
    if response.status >= 500:
        return OutcomeUnknownError(f"the carrier failed with {words}")
    if 200 <= response.status < 300:
        return OutcomeUnknownError(f"the carrier's answer has no call id: {words}")
    return CarrierError(f"the carrier refused it with {words}")
