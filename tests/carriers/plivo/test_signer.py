import pytest
from plivo.utils import validate_v3_signature

from tests.carriers.plivo.signer import Signer, sign

OLD, MAIN = "old", "main"
TOKEN = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"  # noqa: S105 - of Plivo's own examples
URL = "https://calls.example.test:8443/voice/?b=2&a=%20x&c="
FIELDS = {"From": "13105550142", "ForwardedFrom": "", "Speech": "ça va & merci"}


def is_valid(
    headers: dict[str, str], token: str, *, name: str = "V3", method: str = "POST"
) -> bool:
    """What Plivo's own library says; it wants a list without blanks."""
    valid: bool = validate_v3_signature(
        method,
        URL,
        headers["X-Plivo-Signature-V3-Nonce"],
        token,
        headers[f"X-Plivo-Signature-{name}"].replace(" ", ""),
        dict(FIELDS) if method == "POST" else {},
    )
    return valid


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_delivery_has_a_nonce_of_its_own_and_plivos_own_validator_agrees(
    method: str,
) -> None:
    signer = Signer(token=TOKEN)

    once, again = (signer.sign(method, URL, FIELDS) for _ in range(2))

    assert once["X-Plivo-Signature-V3-Nonce"] != again["X-Plivo-Signature-V3-Nonce"]
    assert is_valid(once, TOKEN, method=method)
    assert is_valid(once, TOKEN, name="Ma-V3", method=method)
    assert not is_valid(once, TOKEN + "x", method=method)


def test_a_token_that_is_being_changed_and_the_new_one_sign_both() -> None:
    headers = Signer(token=TOKEN, former_token=OLD).sign("POST", URL, FIELDS)

    assert ", " in headers["X-Plivo-Signature-V3"]
    assert is_valid(headers, TOKEN)
    assert is_valid(headers, OLD)


def test_calls_of_a_sub_account_are_signed_by_the_main_one_as_well() -> None:
    headers = Signer(token=TOKEN, main_token=MAIN).sign("POST", URL, FIELDS)

    assert is_valid(headers, TOKEN)
    assert is_valid(headers, MAIN, name="Ma-V3")
    assert not is_valid(headers, TOKEN, name="Ma-V3")


def test_a_query_that_is_not_ascii_is_signed_by_its_letters() -> None:
    plain = sign(TOKEN, "GET", "https://calls.example.test/?a=ça", {}, "1")

    assert plain == sign(TOKEN, "GET", "https://calls.example.test/?a=%C3%A7a", {}, "1")
