"""Tables that share keys with another: what is taken from where, and where it is said to stand."""

from copy import deepcopy

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from tests.test_config_file import problems
from voicecalld.config_file import parse_config
from voicecalld.shared_tables import merge_shared, merged, place_of

NAMES = st.sampled_from(["a", "b", "openai"])  # others may have what we do not know
KNOWN = {"tts": ["provider", "openai"]}
LEAVES = st.sampled_from([False, True, 0, 1, "", "text", 0.0]) | st.lists(
    st.integers(), max_size=2
)
TABLES = st.recursive(
    st.dictionaries(NAMES, LEAVES, max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | LEAVES, max_size=3),
    max_leaves=8,
)


def leaves_of(value: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """What is at the ends of *value*, by the way there; an empty table is an end as well."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    found: dict[tuple[str, ...], object] = {}
    for key, inner in value.items():
        found |= leaves_of(inner, (*path, key))
    return found


def model(shared: dict[str, object], own: dict[str, object]) -> dict[str, object]:
    """What is to come out, key by key."""
    result = shared | own
    for key in shared.keys() & own.keys():
        ours, theirs = own[key], shared[key]
        if isinstance(ours, dict) and isinstance(theirs, dict):
            result[key] = model(theirs, ours)
    return result


@given(shared=TABLES, own=TABLES)
def test_a_merged_table_is_the_own_one_with_what_only_the_shared_one_has(
    shared: dict[str, object], own: dict[str, object]
) -> None:
    assert merged(shared, own) == model(shared, own)


@given(own=TABLES)
def test_whoever_shares_nothing_keeps_what_is_his(own: dict[str, object]) -> None:
    assert merged({}, own) == merged(own, {}) == merged(own, own) == own


@given(one=TABLES, two=TABLES, three=TABLES)
def test_of_three_tables_it_does_not_matter_which_two_are_merged_first(
    one: dict[str, object], two: dict[str, object], three: dict[str, object]
) -> None:
    # Unless a table stands where another has a value: then what is hidden first stays hidden.
    kinds = [is_alike(one, two), is_alike(one, three), is_alike(two, three)]

    assert not all(kinds) or merged(merged(one, two), three) == merged(one, merged(two, three))


def is_alike(one: object, two: object) -> bool:
    """Whether both have tables in the same places."""
    if not isinstance(one, dict) or not isinstance(two, dict):
        return isinstance(one, dict) == isinstance(two, dict)
    return all(is_alike(one[key], two[key]) for key in one.keys() & two.keys())


@given(shared=TABLES, own=TABLES)
def test_every_value_is_said_to_stand_where_it_was_written(
    shared: dict[str, object], own: dict[str, object]
) -> None:
    written = {"tts": own, "messages": {"tts": shared}}
    untouched = deepcopy(written)

    whole = merge_shared(written, KNOWN)

    assert written == untouched
    for path, value in leaves_of(whole["tts"]).items():
        if value == {}:
            continue
        *tables, key = place_of(("tts", *path), written) if path else ("tts",)
        place: object = written
        for table in tables:
            assert isinstance(place, dict)
            place = place[table]
        assert isinstance(place, dict)
        assert place[key] == value


def test_what_is_shared_is_not_changed_through_what_it_was_put_into() -> None:
    written = {"messages": {"tts": {"openai": {"model": "a"}}}}

    whole = merge_shared(written, KNOWN)
    whole["tts"]["openai"]["model"] = "b"

    assert written == {"messages": {"tts": {"openai": {"model": "a"}}}}
    assert whole["messages"] == written["messages"]


def test_voices_that_others_have_may_stand_in_the_shared_table_alone() -> None:
    settings = parse_config(
        "[messages.tts]\nprovider = 'edge'\n[messages.tts.edge]\nvoice = 'a'\n"
        "[messages.tts.embedded]\nvoice = 'de'\n[tts]\nprovider = 'embedded'\n",
        "f",
    )

    assert (settings.tts.provider, settings.tts.embedded.voice) == ("embedded", "de")


@pytest.mark.parametrize(
    "value",
    ["false", "0", '""', "[]", "1979-05-27"],
)
def test_nothing_that_can_be_written_is_taken_for_absent(value: str) -> None:
    text = f"[messages.tts]\nkey = 'shared'\n[tts]\nkey = {value}\n"
    document = tomlkit.parse(text).unwrap()

    assert merge_shared(document, KNOWN)["tts"]["key"] == document["tts"]["key"]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ({"tts": {"a": [1]}}, ("tts", "a", 0)),
        ({"messages": {"tts": {"a": [1]}}}, ("messages", "tts", "a", 0)),
        ({"tts": {"b": 1}, "messages": {"tts": {"a": [1]}}}, ("messages", "tts", "a", 0)),
        ({"tts": {"a": [1]}, "messages": {"tts": {"a": [1]}}}, ("tts", "a", 0)),
        ({}, ("tts", "a", 0)),
    ],
)
def test_an_item_stands_where_its_array_does(
    written: dict[str, object], place: tuple[str | int, ...]
) -> None:
    assert place_of(("tts", "a", 0), written) == place


# --- in a file -------------------------------------------------------------------------


def test_a_file_has_its_speech_settings_from_both_tables() -> None:
    settings = parse_config(
        "[messages.tts]\nprovider = 'elevenlabs'\ntimeout_ms = 1000\n"
        "[messages.tts.elevenlabs]\napi_key = 'shared'\nvoice_id = 'voice1'\n"
        "[tts]\ntimeout_ms = 2000\n[tts.elevenlabs]\nmodel_id = 'eleven_v3'\n",
        "FILE",
    )

    assert settings.tts.provider == "elevenlabs"
    assert settings.tts.timeout_ms == 2000
    assert settings.tts.elevenlabs.voice_id == "voice1"
    assert settings.tts.elevenlabs.model_id == "eleven_v3"
    assert settings.tts.elevenlabs.api_key.get_secret_value() == "shared"
    assert settings.messages.tts.timeout_ms == 1000


def test_a_table_without_an_own_one_is_the_shared_one() -> None:
    settings = parse_config("messages.tts.embedded.voice = 'en-gb'", "FILE")

    assert settings.tts == settings.messages.tts
    assert settings.tts.embedded.voice == "en-gb"


def test_an_empty_text_takes_back_what_is_shared() -> None:
    settings = parse_config(
        "messages.tts.openai.instructions = 'Whisper.'\ntts.openai.instructions = ''", "FILE"
    )

    assert settings.tts.openai.instructions == ""


@pytest.mark.parametrize(
    "theirs",
    ["queue = 5", "stt.provider = 'whisper'", "tts_hint = ''", "[messages.groupChat]\na = [1]"],
)
def test_what_else_stands_beside_the_shared_table_is_somebody_elses(theirs: str) -> None:
    settings = parse_config(f"[messages]\ntts.timeout_ms = 1000\n{theirs}\n", "FILE")

    assert settings.tts.timeout_ms == 1000


def test_a_table_in_which_nothing_is_shared_changes_nothing() -> None:
    assert parse_config("messages.queue = 5", "FILE") == parse_config("", "FILE")


@pytest.mark.parametrize("theirs", ["'edge'", "'unknown'", "5"])
def test_what_others_choose_is_of_no_account_where_we_choose(theirs: str) -> None:
    settings = parse_config(
        f"messages.tts = {{provider = {theirs}, timeout_ms = 500}}\ntts.provider = 'embedded'",
        "FILE",
    )

    assert settings.tts.provider == "embedded"
    assert settings.tts.timeout_ms == 500


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "messages.tts.timeout_ms = 1",
            (
                "messages.tts.timeout_ms: found 1, allowed: a whole number from 100 to 60000 "
                "(milliseconds)"
            ),
        ),
        (
            "tts.timeout_ms = 1\nmessages.tts.timeout_ms = 500",
            "tts.timeout_ms: found 1, allowed: a whole number from 100 to 60000 (milliseconds)",
        ),
        # What is never used is wrong all the same.
        (
            "tts.timeout_ms = 500\nmessages.tts.timeout_ms = 1",
            (
                "messages.tts.timeout_ms: found 1, allowed: a whole number from 100 to 60000 "
                "(milliseconds)"
            ),
        ),
        (
            "messages.tts.timeout = 500",
            'messages.tts.timeout: unknown key; did you mean "timeout_ms"?',
        ),
        (
            "messages.tts.provider = 'edge'",
            (
                'messages.tts.provider: found "edge": Edge speech is not for calls: it only '
                "delivers MP3, and from an unofficial service; if other programs need it there, "
                "set tts.provider as well"
            ),
        ),
        (
            "messages.tts.provider = 'megaphone'",
            (
                'messages.tts.provider: found "megaphone", allowed: "embedded", "elevenlabs", '
                '"openai" or "deepgram"; if other programs need it there, set tts.provider as well'
            ),
        ),
        ("messages.tts.edge = 5", "messages.tts.edge: unknown key"),
        ("tts.edge = {voice = 'a'}", "tts.edge: unknown key"),
        (
            "tts.edge = {voice = 'a'}\nmessages.tts.edge = {voice = 'b'}",
            "tts.edge: unknown key",
        ),
        ("messages = 5", "messages: found a value that is not shown, allowed: a table"),
        ("messages.tts = 5", "messages.tts: found a value that is not shown, allowed: a table"),
        (
            (
                "messages.tts.provider = 'elevenlabs'\nmessages.tts.elevenlabs.voice_id = 'a'\n"
                "tts.elevenlabs = {api_key = 'k', voice_id = ''}"
            ),
            (
                'tts.elevenlabs.voice_id: messages.tts.provider is "elevenlabs", so it is needed: '
                "set it to the id of one of your voices; the empty text here hides "
                "messages.tts.elevenlabs.voice_id"
            ),
        ),
        (
            "messages.tts.elevenlabs = 5",
            "messages.tts.elevenlabs: found a value that is not shown, allowed: a table",
        ),
        ("tts = 5", "tts: found a value that is not shown, allowed: a table"),
        (
            "tts.elevenlabs.voice_id = 'a'\nmessages.tts.provider = 'elevenlabs'",
            (
                'tts.elevenlabs.api_key: messages.tts.provider is "elevenlabs", so it is needed: '
                "set it, or the environment variable ELEVENLABS_API_KEY, or the credential "
                "tts-elevenlabs-api-key, or base_url to a server that needs none"
            ),
        ),
    ],
)
def test_a_mistake_is_told_once_with_the_table_in_which_it_stands(text: str, problem: str) -> None:
    found = problems(text)

    assert len(found) == 1
    assert found[0].startswith(problem)


def test_mistakes_in_both_tables_are_told_of_both() -> None:
    found = problems("tts.timeout_ms = 1\nmessages.tts.timeout_ms = 2")

    assert [line.partition(":")[0] for line in found] == [
        "tts.timeout_ms",
        "messages.tts.timeout_ms",
    ]
