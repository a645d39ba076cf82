"""Every carrier that is attacked, by the name under which it is registered."""

from collections.abc import Mapping

import pytest

from tests.security.carriers import Carrier
from tests.security.mock import MOCK
from tests.security.twilio import TWILIO

CARRIERS: Mapping[str, Carrier] = {"mock": MOCK, "twilio": TWILIO}

each_carrier = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=[*CARRIERS])
