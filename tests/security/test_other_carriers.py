"""Several carriers at one door: what one of them may say, or somebody in its name, is its own."""

from dataclasses import replace
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.security.carriers import NOTHING_SHOWN, PUBLIC_URL, Carrier
from tests.security.message import PATH, Message
from tests.security.site import Site, open_site
from tests.security.stream_attacks import POLICY, texts
from tests.security.table import CARRIERS
from tests.web.hostile import eventually
from voicecalld.call.record import CallRecord
from voicecalld.ids import CallId

# The mock carrier never comes by the same door as the others.
NETWORK = {name: carrier for name, carrier in CARRIERS.items() if name != "mock"}
ACCOUNTS: dict[str, Any] = {
    name: value for carrier in NETWORK.values() for name, value in carrier.account.items()
}
FORBIDDEN = 403
OUR_ID = CallId("id-1")

each_two = pytest.mark.parametrize(("liar", "victim"), [*permutations(NETWORK, 2)])


def webhook(site: Site, name: str, body: bytes, query: str = "", path: str = "") -> Message:
    """A genuine webhook of the carrier called *name*, at its own path or at another."""
    suffix = f"/{name}"
    url = f"{PUBLIC_URL}{suffix}?{query}" if query else f"{PUBLIC_URL}{suffix}"
    headers = NETWORK[name].sign(url, body, unix_s=site.tokens.unix_clock())
    message = Message(headers=(), body=body, query=query, path=path or PATH + suffix)
    return message.with_headers(headers)


def lies(site: Site, name: str, about: str) -> list[Message]:
    """What the carrier called *name* can say of a call that another one calls *about*."""
    carrier = NETWORK[name]
    messages = []
    for call in (about, carrier.call(1)):
        for tell in (carrier.announce, carrier.end, carrier.unknown):
            body = tell(call)
            if call == about:
                messages.append(webhook(site, name, body))
            if carrier.echo is not None:
                messages.append(webhook(site, name, carrier.echo(body, OUR_ID)))
            for turn in ({}, {"turn": "1.0"}):
                query = urlencode({"callId": OUR_ID, **turn, "node": "main"})
                messages.append(webhook(site, name, body, query))
    return messages


def records(site: Site) -> list[CallRecord]:
    """All that was written of the victim."""
    return [entry.record for entry in site.ledger.entries if entry.record.call_id == OUR_ID]


def requests_to(site: Site, name: str) -> int:
    return sum(f"api.{name}.com/" in request.url for request in site.link.requests)


async def goes_on(site: Site, carrier: Carrier, token: str) -> bool:
    """Whether the call of the victim gets its sound, and its end, as ever."""
    call = site.switchboard.find(carrier.call(1))
    assert call is not None
    async with site.open_stream(token) as peer:
        await peer.send(texts(*carrier.start(carrier.call(1), token)))
        await eventually(lambda: call.machine.is_connected)
        await site.send(site.end(1))
        await eventually(lambda: OUR_ID not in site.switchboard.calls)
    return True


@each_two
async def test_what_a_carrier_says_of_the_call_of_another_has_no_effect_on_it(
    liar: str, victim: str
) -> None:
    carrier = NETWORK[victim]
    async with open_site(carrier, **{**ACCOUNTS, "provider": victim}) as site:
        token = await site.take_call(1)
        before = (site.trace().tokens, records(site), requests_to(site, victim))
        for number, message in enumerate(lies(site, liar, carrier.call(1))):
            answered = await site.send(message)

            assert answered.status in {200, 400}, number
            assert (site.trace().tokens, records(site), requests_to(site, victim)) == before
            assert site.trace().calls[0] == OUR_ID
            assert token.encode() not in answered.body
        assert await goes_on(site, carrier, token)


@each_two
async def test_a_webhook_of_one_carrier_is_refused_at_the_paths_of_another(
    liar: str, victim: str
) -> None:
    carrier = NETWORK[victim]
    async with open_site(carrier, **{**ACCOUNTS, "provider": victim}) as site:
        await site.take_call(1)
        before = site.trace()
        for path in (PATH, f"{PATH}/", f"{PATH}/{victim}"):
            for body in (carrier.end(carrier.call(1)), NETWORK[liar].end(carrier.call(1))):
                message = webhook(site, liar, body, path=path)
                # With the victim's own headers as well, so that it is looked at.
                looks_right = site.sign(b"a=b").headers
                dressed = replace(message, headers=(*looks_right, *message.headers))

                answers = [await site.send(message), await site.send(dressed)]

                assert [answer.status for answer in answers] == [401, 401]
                assert site.trace() == before


@each_two
async def test_the_token_of_one_carriers_stream_opens_none_of_another(
    liar: str, victim: str
) -> None:
    """At the other's path, in its way, with a start of its own or the victim's."""
    carrier, other = NETWORK[victim], NETWORK[liar]
    async with open_site(carrier, **{**ACCOUNTS, "provider": victim}) as site:
        token = await site.take_call(1)
        before = site.trace()
        for start in (
            other.start(other.call(1), token),
            other.start(carrier.call(1), token),
            carrier.start(carrier.call(1), token),
        ):
            outcome = await site.try_stream(token, texts(*start), carrier=other, suffix=f"/{liar}")

            assert outcome == (POLICY if other.show(token) == NOTHING_SHOWN else FORBIDDEN)
            assert site.trace() == before
        assert await goes_on(site, carrier, token)


@each_two
async def test_a_stream_that_one_carrier_opens_is_none_of_anothers(liar: str, victim: str) -> None:
    """At the victim's path, with the liar's proof, whatever token there is."""
    carrier, other = NETWORK[victim], NETWORK[liar]
    async with open_site(carrier, **{**ACCOUNTS, "provider": victim}) as site:
        await site.take_call(1)
        forged = site.tokens.mint(liar, OUR_ID)
        before = site.trace()
        start = texts(*carrier.start(carrier.call(1), forged))
        for suffix in ("", f"/{victim}"):
            outcome = await site.try_stream(forged, start, carrier=other, suffix=suffix)

            assert outcome == FORBIDDEN
            assert site.trace() == before
