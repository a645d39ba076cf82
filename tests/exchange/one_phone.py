"""A call to the one telephone of an exchange, which comes to its end."""

import trio
import trio.testing

from tests.fakes.daemon import CALLED, FakeDaemon, open_exchange, place
from voicecalld.phone_settings import PhoneSettings
from voicecalld.settings import MockSettings

SOME_TIME_S = 400.0


def one_phone(phone: PhoneSettings) -> MockSettings:
    return MockSettings(phones={CALLED: phone})


async def outcome(
    daemon: FakeDaemon, phone: PhoneSettings, *, max_duration_s: float = 300.0
) -> None:
    """Place one call to *phone* and let it come to its end."""
    async with open_exchange(daemon, one_phone(phone)) as exchange:
        await place(exchange, max_duration_s=max_duration_s)
        await trio.sleep(SOME_TIME_S)
