import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.ids import parse_digits, parse_phone_number


@given(st.from_regex(r"\+[1-9][0-9]{1,14}", fullmatch=True))
def test_every_e164_number_is_taken_as_it_is(text: str) -> None:
    assert parse_phone_number(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "+1",
        "15550100",
        "0015550100",
        "+05550100",
        "+1 555 0100",
        "+1-555-0100",
        "+15550100\n",
        "+1555010000000000",
        "++15550100",
        "+1\u0665\u0665\u0665\u0660\u0661",
        "tel:+15550100",
        "anonymous",
    ],
)
def test_anything_but_an_e164_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="phone number"):
        parse_phone_number(text)


@pytest.mark.parametrize("text", ["0", "1w2W#*", "9" * 64])
def test_the_keys_of_a_telephone_are_taken_as_they_are(text: str) -> None:
    assert parse_digits(text) == text


@pytest.mark.parametrize("text", ["", "A", "1,2", "1 2", "1\n", "9" * 65, "\u0661"])
def test_anything_but_1_to_64_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not keys of a telephone"):
        parse_digits(text)
