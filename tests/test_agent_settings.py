"""What the settings of agents accept."""

import pytest

from tests.test_config_file import problems
from voicecalld.config_file import parse_config
from voicecalld.settings import Settings

HEADERS = "a table of texts of ASCII, without content-type and what else is always sent"
NAME = "the name of a header has letters, digits and dashes only"
TWICE = "a header that is set already must not be set again: remove it"
VALUE = "the value of a header has printable characters of ASCII only"


def test_headers_are_a_table_of_texts() -> None:
    settings = parse_config(
        "[agent.openai.headers]\nX-Title = 'calls'\napi-key = 'hunter2'\n", "FILE"
    )

    assert settings.agent.openai.headers == {"X-Title": "calls", "api-key": "hunter2"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Content-Type = 'text/plain'", f"Content-Type: {TWICE}"),
        ("host = 'a.example'", f"host: {TWICE}"),
        ("'x title' = 'hunter2'", f'"x title": {NAME}'),
        ("'x:' = 'hunter2'", f'"x:": {NAME}'),
        ("'-' = 'hunter2'", f"-: {NAME}"),
        ('x-title = "hunter2\\nb"', f"x-title: {VALUE}"),
        ("x-title = 'hunter2\u00fc'", f"x-title: {VALUE}"),
        ("x-title = 5", f"x-title: found a value that is not shown, allowed: {HEADERS}"),
    ],
)
def test_a_header_that_cannot_be_sent_is_told_by_its_name_alone(text: str, told: str) -> None:
    (problem,) = problems(f"[agent.openai.headers]\nx-good = 'a'\n{text}\n")

    assert problem == f"agent.openai.headers.{told}"


def test_of_several_headers_that_cannot_be_sent_all_are_told() -> None:
    found = problems("[agent.openai.headers]\nhost = 'a'\n'x:' = 'b'\n")

    assert found == [
        f"agent.openai.headers.host: {TWICE}",
        f'agent.openai.headers."x:": {NAME}',
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "agent.provider = 'ollama'",
            (
                'agent.provider: found "ollama", allowed: "embedded", "openai", "openclaw" '
                'or "command"'
            ),
        ),
        (
            "agent.openai.max_tokens_field = 'tokens'",
            (
                'agent.openai.max_tokens_field: found "tokens", allowed: "max_tokens" or '
                '"max_completion_tokens"'
            ),
        ),
        (
            "agent.openai.temperature = 3",
            "agent.openai.temperature: found 3, allowed: a number from 0 to 2",
        ),
        (
            "agent.openclaw.agent = ''",
            'agent.openclaw.agent: found "", allowed: the id of an agent such as main',
        ),
        (
            "agent.command.argv = 'cat'",
            (
                'agent.command.argv: found "cat", allowed: an array of at most 100 items, each a '
                "text of at most 4000 characters"
            ),
        ),
        (
            "agent.command.argv = [5]",
            ("agent.command.argv, item 1: found 5, allowed: a text of at most 4000 characters"),
        ),
        (
            "response_model = 'two words'",
            'response_model: found "two words", allowed: the name of a model, or an empty text',
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_is_allowed(text: str, problem: str) -> None:
    (found,) = problems(text)

    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        ((), ()),
        (("agent.py", "a/b"), ("agent.py", "a/b")),
        (("./agent.py", "a/b"), ("/etc/./agent.py", "a/b")),
        (("bin/agent",), ("/etc/bin/agent",)),
    ],
)
def test_a_program_with_a_path_is_in_the_folder_of_its_file(
    argv: tuple[str, ...], found: tuple[str, ...]
) -> None:
    settings = Settings.model_validate({"agent": {"command": {"argv": argv}}})

    whole = settings.agent.with_paths(lambda path: f"/etc/{path}")

    assert whole.command.argv == found
    assert whole.openai == settings.agent.openai
