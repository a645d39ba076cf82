"""Who may say which URL was asked, where no `public_url` settles it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.security.carriers import Carrier
from tests.security.message import PATH, PUBLIC_HOST
from tests.security.site import QUERY, open_site
from tests.security.table import CARRIERS

PROXY, STRANGER = "127.0.0.2", "127.0.0.3"
BEHIND_A_PROXY: dict[str, Any] = {
    "public_url": "",
    "webhook_security": {"trusted_proxy_ips": [PROXY], "allowed_hosts": [PUBLIC_HOST]},
}

each_carrier_that_signs_urls = pytest.mark.parametrize(
    "carrier",
    [carrier for carrier in CARRIERS.values() if carrier.signs_url],
    ids=[name for name, carrier in CARRIERS.items() if carrier.signs_url],
)


async def send(
    carrier: Carrier, source: str, signed_for: str, *said: tuple[str, str], host: str = "a.test"
) -> tuple[int, int]:
    """The status, and how many calls there are afterwards."""
    async with open_site(carrier, **BEHIND_A_PROXY) as site:
        body = carrier.announce(carrier.call(1))
        message = replace(site.sign(body, f"{signed_for}{PATH}?{QUERY}"), host=host)
        headers = tuple((name, value.encode()) for name, value in said)
        message = replace(message, headers=(*message.headers, *headers))
        before = site.trace()
        answered = await site.send(message, source)
        if answered.status != 200:
            assert site.trace() == before
        return answered.status, len(site.switchboard.calls)


@each_carrier_that_signs_urls
async def test_a_trusted_proxy_may_name_a_host_that_is_allowed(carrier: Carrier) -> None:
    said = (("x-forwarded-host", PUBLIC_HOST), ("x-forwarded-proto", "https"))

    assert await send(carrier, PROXY, f"https://{PUBLIC_HOST}", *said) == (200, 1)


@each_carrier_that_signs_urls
@pytest.mark.parametrize(
    "said",
    [
        (("x-forwarded-host", PUBLIC_HOST),),
        (("x-forwarded-host", PUBLIC_HOST), ("x-forwarded-for", PROXY)),
        (("x-forwarded-host", PUBLIC_HOST), ("x-forwarded-for", f"{PROXY}, 127.0.0.1")),
        (("x-forwarded-host", PUBLIC_HOST), ("x-real-ip", PROXY)),
        (("x-forwarded-host", PUBLIC_HOST), ("forwarded", f"for={PROXY}")),
        (("forwarded", f"host={PUBLIC_HOST};proto=https"),),
        (),
    ],
    ids=lambda said: ", ".join(map(": ".join, said)) or "Host",
)
async def test_nobody_else_may_name_a_host(
    carrier: Carrier, said: tuple[tuple[str, str], ...]
) -> None:
    status = await send(carrier, STRANGER, f"https://{PUBLIC_HOST}", *said, host=PUBLIC_HOST)

    assert status == (401, 0)


@each_carrier_that_signs_urls
@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("evil.example", (("x-forwarded-host", "evil.example"),)),
        ("evil.example", (("x-forwarded-host", f"evil.example, {PUBLIC_HOST}"),)),
        ("evil.example", (("x-forwarded-host", f"{PUBLIC_HOST}, evil.example"),)),
        (
            "evil.example",
            (("x-forwarded-host", PUBLIC_HOST), ("x-forwarded-host", "evil.example")),
        ),
        ("evil.example", (("x-forwarded-host", f"{PUBLIC_HOST}@evil.example"),)),
        (f"{PUBLIC_HOST}.evil.example", (("x-forwarded-host", f"{PUBLIC_HOST}.evil.example"),)),
        (f"evil-{PUBLIC_HOST}", (("x-forwarded-host", f"evil-{PUBLIC_HOST}"),)),
        (f"{PUBLIC_HOST}:8443", (("x-forwarded-host", f"{PUBLIC_HOST}:8443"),)),
        (f"{PUBLIC_HOST}/x?", (("x-forwarded-host", f"{PUBLIC_HOST}/x?"),)),
        (PUBLIC_HOST, (("x-forwarded-server", PUBLIC_HOST),)),
        (PUBLIC_HOST, (("x_forwarded_host", PUBLIC_HOST),)),
    ],
)
async def test_not_even_a_trusted_proxy_may_name_another_host(
    carrier: Carrier, host: str, said: tuple[tuple[str, str], ...]
) -> None:
    assert await send(carrier, PROXY, f"https://{host}", *said) == (401, 0)
