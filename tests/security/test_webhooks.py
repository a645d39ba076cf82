"""Forged, altered and repeated webhooks: they are refused, and leave no trace."""

import pytest

from tests.security.carriers import Carrier
from tests.security.site import open_site
from tests.security.table import CARRIERS
from tests.security.webhook_attacks import ATTACKS, WebhookAttack
from voicecalld.provider.catalog import PROVIDERS

each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])


def test_every_registered_carrier_is_attacked() -> None:
    assert CARRIERS.keys() == PROVIDERS.keys()


def test_no_two_attacks_have_the_same_name() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) > 100


@pytest.mark.parametrize(
    ("carrier", "attack"),
    [
        pytest.param(carrier, attack, id=f"{name}, {attack.name}")
        for name, carrier in CARRIERS.items()
        for attack in ATTACKS
        if attack.applies(carrier)
    ],
)
async def test_a_forged_webhook_is_refused_and_leaves_no_trace(
    carrier: Carrier, attack: WebhookAttack
) -> None:
    async with open_site(carrier) as site:
        await site.take_call(1)
        before = site.trace()
        for genuine in (site.announcement(2), site.end(1)):
            answered = await site.send(attack.change(site, genuine))

            assert answered.status == attack.status
            assert site.trace() == before

        assert (await site.send(site.announcement(2))).status == 200
        assert (await site.send(site.end(1))).status == 200
        assert site.trace().calls == ("id-2",)
