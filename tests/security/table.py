"""Every carrier that is attacked, by the name under which it is registered."""

from collections.abc import Mapping

import pytest

from tests.security.carriers import Carrier
from tests.security.mock import MOCK
from tests.security.plivo import PLIVO
from tests.security.telnyx import TELNYX
from tests.security.twilio import TWILIO

CARRIERS: Mapping[str, Carrier] = {
    "mock": MOCK,
    "twilio": TWILIO,
    "telnyx": TELNYX,
    "plivo": PLIVO,
}

each_carrier = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=[*CARRIERS])
each_streamer = each_carrier
