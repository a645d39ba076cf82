"""Every carrier whose calls have histories, by the name under which it is registered."""

from collections.abc import Mapping

from tests.histories.dialect import Dialect
from tests.histories.mock import MOCK
from tests.histories.plivo import PLIVO
from tests.histories.telnyx import TELNYX
from tests.histories.twilio import TWILIO

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (MOCK, TWILIO, TELNYX, PLIVO)
}
