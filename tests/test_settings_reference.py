"""That the reference says of each setting what the models say."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from voicecalld.phone_settings import PhoneSettings, Step
from voicecalld.settings import Settings
from voicecalld.settings_reference import (
    allowed_item,
    allowed_values,
    build_key,
    build_tables,
    find_field,
    find_model,
    is_secret,
)
from voicecalld.stt_settings import OpenaiHttpEarsSettings
from voicecalld.tts_settings import TtsSettings
from voicecalld.turn_settings import TurnSettings


class Sample(BaseModel):
    """Settings of every kind."""

    one: Literal["a"] = Field(default="a")
    two: Literal["a", "b"] = Field(default="a")
    three: Literal["a", "b", "c"] = Field(default="a")
    flag: bool = Field(default=False)
    count: int = Field(default=1, ge=1, le=9, json_schema_extra={"unit": "calls"})
    share: float | None = Field(default=None, ge=0.5, le=1)
    text: str = Field(default="")
    short: str = Field(default="", max_length=9)
    long: str = Field(default="", min_length=1)
    both: str = Field(default="", min_length=1, max_length=9)
    form: str = Field(default="", pattern="x+", json_schema_extra={"form": "some x"})
    secret: SecretStr = Field(default=SecretStr("hunter2"), max_length=9)
    hidden: str = Field(default="", json_schema_extra={"secret": True})
    array: tuple[str, ...] = Field(default=(), json_schema_extra={"item": "a text"})
    steps: tuple[Step, ...] = Field(default=(), max_length=3)
    table: TurnSettings = TurnSettings()


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("one", '"a"'),
        ("two", '"a" or "b"'),
        ("three", '"a", "b" or "c"'),
        ("flag", "true or false"),
        ("count", "a whole number from 1 to 9 (calls)"),
        ("share", "a number from 0.5 to 1"),
        ("text", "a text"),
        ("short", "a text of at most 9 characters"),
        ("long", "a text of at least 1 characters"),
        ("both", "a text of 1 to 9 characters"),
        ("form", "some x"),
        ("secret", "a text of at most 9 characters"),
        ("array", "an array, each item a text"),
        ("steps", "an array of at most 3 items, each a table"),
        ("table", "a table"),
    ],
)
def test_what_is_allowed_is_said_in_words(name: str, allowed: str) -> None:
    assert allowed_values(Sample.model_fields[name]) == allowed


def test_every_table_is_there_once_and_outer_ones_come_first() -> None:
    paths = [table.path for table in build_tables()]

    assert paths[0] == ()
    assert len(set(paths)) == len(paths)
    assert {("turn",), ("tts", "embedded"), ("mock", "phones", "+15550100")} < {*paths}
    for position, path in enumerate(paths):
        assert path[:-1] in {*paths[:position], (), ("mock", "phones")}


def test_only_the_steps_of_a_telephone_are_written_as_an_array_of_tables() -> None:
    arrays = [table.path for table in build_tables() if table.is_array]

    assert arrays == [("mock", "phones", "+15550100", "steps")]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ((), Settings),
        (("turn",), TurnSettings),
        (("stt", "openai-http"), OpenaiHttpEarsSettings),
        (("stt", "openai_http"), None),
        (("messages", "tts"), TtsSettings),
        (("mock", "phones", "+15550100"), PhoneSettings),
        (("mock", "phones", "+15550100", "steps", 2), Step),
        (("turn", "preroll_ms"), None),
        (("nothing",), None),
        (("mock", "nothing", "at", "all"), None),
    ],
)
def test_a_path_leads_to_the_model_of_its_table(
    path: tuple[str | int, ...], model: type[BaseModel] | None
) -> None:
    assert find_model(path) is model


def test_a_table_with_the_keys_of_another_is_told_of_without_them() -> None:
    (same,) = [table for table in build_tables() if table.path == ("messages", "tts")]

    assert same.keys == ()
    assert same.sentence.startswith("The same keys as [tts]")
    assert not [table for table in build_tables() if table.path[:2] == same.path and table != same]


def test_a_path_into_an_array_leads_to_the_array() -> None:
    field = find_field(("allow_from", 3))

    assert field is Settings.model_fields["allow_from"]
    assert allowed_item(field) == "an E.164 phone number such as +15550100"


def test_the_default_of_a_secret_is_not_told() -> None:
    assert build_key("secret", Sample.model_fields["secret"]).default == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [("secret", True), ("hidden", True), ("text", False), ("table", False), ("steps", False)],
)
def test_a_secret_is_known_by_its_type_or_by_its_mark(name: str, expected: bool) -> None:
    assert is_secret(Sample.model_fields[name]) is expected


def test_a_table_with_a_secret_in_it_is_as_secret() -> None:
    assert is_secret(Settings.model_fields["twilio"])
