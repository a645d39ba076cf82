import pytest

from tests.provider.samples import SAMPLES
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.provider.http import HttpResponse
from voicecalld.provider.refusal import describe_refusal


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        (199, False),
        (200, True),
        (201, True),
        (299, True),
        (300, False),
        (400, False),
        (429, False),
        (499, False),
        (500, True),
        (599, True),
    ],
)
def test_only_an_answer_that_blames_the_order_says_that_there_is_no_call(
    status: int, is_open: bool
) -> None:
    error = describe_refusal(HttpResponse(status=status), "the words")

    assert type(error) is (OutcomeUnknownError if is_open else CarrierError)
    assert str(error).endswith(" the words")


@pytest.mark.parametrize(
    ("carrier", "told"),
    [
        (
            "twilio",
            (
                "check twilio.account_sid, twilio.auth_token (in the environment: "
                "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)"
            ),
        ),
        ("telnyx", "check telnyx.api_key (in the environment: TELNYX_API_KEY)"),
        (
            "plivo",
            (
                "check plivo.auth_id, plivo.auth_token (in the environment: PLIVO_AUTH_ID, "
                "PLIVO_AUTH_TOKEN)"
            ),
        ),
    ],
)
def test_a_carrier_that_does_not_know_us_has_us_check_the_settings_that_it_should_know_us_by(
    carrier: str, told: str
) -> None:
    rest = SAMPLES[carrier].make().rest

    with pytest.raises(CarrierError) as caught:
        rest.read_placed(HttpResponse(status=401))

    assert (
        str(caught.value) == f"the carrier does not know us: {told}; it answered with status 401"
    )
    with pytest.raises(CarrierError) as caught:
        rest.read_placed(HttpResponse(status=402))
    assert str(caught.value) == "the carrier refused it with status 402"
