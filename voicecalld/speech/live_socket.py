"""The WebSocket of a live transcriber: what its refusal means for the operator."""

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from voicecalld.errors import HopelessServiceError, ServiceError, ServiceRefusedError
from voicecalld.net.service_fault import FaultKind, describe
from voicecalld.net.websocket_client import WebSocketClient, open_websocket

CONNECT_S = 4.0  # as for any service; a call waits 10 s for all that it needs


@asynccontextmanager
async def open_live_socket(
    url: str, *, headers: Mapping[str, str], setting: str, trust: ssl.SSLContext | None
) -> AsyncGenerator[WebSocketClient, None]:
    """A WebSocket at *url*; *setting* is the one of the key, to be checked if that is refused.

    Raises:
        HopelessServiceError: the service wants no connection that is asked for like this.
        ServiceError: there is none now; another attempt may succeed.
    """
    try:
        async with open_websocket(
            url, headers=headers, connect_s=CONNECT_S, trust=trust
        ) as socket:
            yield socket
    except ServiceRefusedError as refusal:
        raise refusal_of(refusal.status, refusal.body, setting) from refusal


def refusal_of(status: int, body: bytes, setting: str) -> ServiceError:
    """What a transcriber's refusal means; a `HopelessServiceError` if to ask again is in vain.

    What to check is *setting*, or its whole table if it is not the key that is refused.
    """
    fault = describe(status, body)
    if fault.retryable:
        return ServiceError(f"the transcriber refuses ({fault.text})")
    blamed = setting if fault.kind is FaultKind.AUTH else f"[{setting.rpartition('.')[0]}]"
    return HopelessServiceError(f"the transcriber refuses ({fault.text}): check {blamed}")
