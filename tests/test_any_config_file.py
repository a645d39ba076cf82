"""Whatever a configuration file holds, it is taken, or refused line by line."""

from datetime import UTC, date, datetime, time

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.config_file import parse_config
from voicecalld.errors import ConfigError
from voicecalld.settings_reference import build_tables

KNOWN_NAMES = sorted(
    {part for table in build_tables() for part in table.path}
    | {key.name for table in build_tables() for key in table.keys}
)
NAMES = st.sampled_from(KNOWN_NAMES) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5
)
SCALARS = (
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
    | st.sampled_from(["open", "allowlist", "edge", "embedded", "+15550100"])
    | st.just(date(2020, 1, 31))
    | st.just(time(12, 0))
    | st.just(datetime(2020, 1, 31, tzinfo=UTC))
)
VALUES: st.SearchStrategy[object] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


@given(document=st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_document_is_either_taken_or_refused_line_by_line(document: object) -> None:
    assert isinstance(document, dict)
    check_parses_or_complains(tomlkit.dumps(document))


@given(text=st.text(max_size=60) | st.text("[]{}=.,\"'#\n\\ab1-:T+_", max_size=40))
def test_any_text_is_either_taken_or_refused_line_by_line(text: str) -> None:
    check_parses_or_complains(text)


def check_parses_or_complains(text: str) -> None:
    for line in complaint_about(text):
        assert line.startswith("FILE: ")
        assert line.isprintable()
        assert len(line) < 600


def complaint_about(text: str) -> list[str]:
    try:
        parse_config(text, "FILE")
    except ConfigError as error:
        return str(error).split("\n")
    return []
