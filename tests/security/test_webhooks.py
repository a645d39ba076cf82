"""Forged, altered and repeated webhooks: they are refused, and leave no trace."""

from collections.abc import Sequence
from itertools import chain

import pytest

from tests.security.carriers import Carrier
from tests.security.site import open_site
from tests.security.table import CARRIERS, each_carrier
from tests.security.webhook_attacks import FAMILIES, WebhookAttack
from voicecalld.provider.catalog import PROVIDERS

NAMES = [attack.name for attack in chain(*FAMILIES.values())]

each_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=[*FAMILIES])


def test_every_registered_carrier_is_attacked() -> None:
    assert CARRIERS.keys() == PROVIDERS.keys()


def test_no_two_attacks_have_the_same_name() -> None:
    assert len(set(NAMES)) == len(NAMES) > 100


@each_carrier
def test_what_a_carriers_scheme_lets_pass_is_an_attack_on_others(carrier: Carrier) -> None:
    assert carrier.passes <= set(NAMES)


@each_carrier
@each_family
async def test_a_forged_webhook_is_refused_and_leaves_no_trace(
    carrier: Carrier, family: Sequence[WebhookAttack]
) -> None:
    async with open_site(carrier) as site:
        await site.take_call(1)
        before = site.trace()
        for attack in family:
            if not attack.applies(carrier) or attack.name in carrier.passes:
                continue
            for genuine in (site.announcement(2), site.end(1)):
                answered = await site.send(attack.change(site, genuine))

                assert answered.status == attack.status, attack.name
                assert site.trace() == before, attack.name

        assert (await site.send(site.announcement(2))).status == 200
        assert (await site.send(site.end(1))).status == 200
        assert site.trace().calls == ("id-2",)


@each_carrier
async def test_a_caller_who_is_turned_away_costs_nothing(carrier: Carrier) -> None:
    """No command but the one that refuses the call, and no token of a stream."""
    async with open_site(carrier, inbound_policy="disabled") as site:
        answered = await site.send(site.announcement())
        commands = [request.url.encode() for request in site.link.requests]

        assert len(commands) == (0 if carrier.steering is None else 1)
        assert carrier.refusal in b"".join((answered.body, *commands))
        assert (answered.status, site.tokens.minted, site.trace().calls) == (200, 0, ())
