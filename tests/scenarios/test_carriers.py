from tests.scenarios.carriers import CARRIERS, EXEMPT
from voicecalld.provider.catalog import PROVIDERS


def test_every_carrier_that_is_registered_is_played_with_or_exempt_for_a_reason() -> None:
    assert {*CARRIERS} | {*EXEMPT} == {*PROVIDERS}
    assert not {*CARRIERS} & {*EXEMPT}
    assert all(EXEMPT.values())
