import re

import pytest

from voicecalld.rpc.methods import METHODS, Member, Method

JSON_TYPES = {"string", "integer", "number", "boolean", "array", "object"}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_and_member_is_described_by_sentences(method: Method) -> None:
    described: list[Method | Member] = [method, *method.params, *method.result]

    assert all(
        re.fullmatch(r"([A-Z0-9]|notify |initiate_call).*\.", item.sentence) for item in described
    )


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_members_have_types_of_json_and_names_that_are_given_once(method: Method) -> None:
    for members in (method.params, method.result):
        assert {member.type for member in members} <= JSON_TYPES
        assert len({member.name for member in members}) == len(members)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_no_method_names_an_error_code_twice(method: Method) -> None:
    codes = [error.code for error in method.errors]

    assert len(set(codes)) == len(codes)
