"""The settings of those who think: the agents."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError

from voicecalld.contradiction import contradiction
from voicecalld.section import FromArray, Secret, Section, is_plain
from voicecalld.service_settings import HttpUrl, service_key, service_name, service_url

# What we say ourselves of every request, and what a connection needs.
OUR_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
    }
)

Argument = Annotated[str, Field(max_length=4_000, pattern=r"^[^\x00]*$")]


def check_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse what could not be sent, or would contradict what is sent anyway.

    Raises:
        ValidationError: with a complaint about each of those, by its name.
    """
    found = [
        contradiction(complaint, name)
        for name, value in headers.items()
        if (complaint := header_complaint(name, value))
    ]
    if found:
        raise ValidationError.from_exception_data("headers", found)
    return headers


def header_complaint(name: str, value: str) -> str:
    """What is wrong with a header, if anything, without its value, which may be a key."""
    if not name.replace("-", "").isalnum() or not is_plain(name):
        return "the name of a header has letters, digits and dashes only"
    if name.lower() in OUR_HEADERS:
        return "a header that is set already must not be set again: remove it"
    if not value.isascii() or not value.isprintable():
        return "the value of a header has printable characters of ASCII only"
    return ""


class ReceptionistSettings(Section):
    """The agent that needs neither an account nor a network."""

    name: str = Field(
        default="Robin",
        min_length=1,
        max_length=100,
        description="The name by which the embedded agent introduces itself.",
    )
    company: str = Field(
        default="the office",
        min_length=1,
        max_length=100,
        description="The company or place for which the embedded agent answers.",
    )


class OpenaiAgentSettings(Section):
    """A model behind any service that speaks /chat/completions as OpenAI does."""

    base_url: HttpUrl = service_url(
        "https://api.openai.com/v1", "What is in front of /chat/completions."
    )
    api_key: Secret = service_key(
        "The key of the service, which a server of your own may not want",
        "agent-openai-api-key",
        "OPENAI_API_KEY",
    )
    model: str = service_name(
        "",
        "The model that answers, unless response_model names another.",
        "the name of a model, or an empty text",
    )
    headers: Annotated[dict[str, str], AfterValidator(check_headers)] = Field(
        default={},
        max_length=20,
        description="Headers that are sent with every request, by their names.",
        # Some services want their keys there.
        json_schema_extra={
            "form": "a table of texts of ASCII, without content-type and what else is always sent",
            "secret": True,
        },
    )
    max_tokens: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="How long an answer may be at most, counted as the model does.",
    )
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_tokens",
        description="What the service calls max_tokens; OpenAI has changed its mind.",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="How freely the model chooses its words.",
    )


class OpenclawAgentSettings(Section):
    """An agent of an OpenClaw Gateway, which remembers its callers itself."""

    base_url: HttpUrl = service_url(
        "http://127.0.0.1:18789/v1", "What is in front of /chat/completions."
    )
    token: Secret = service_key(
        "The gateway's token or password, which gives full power over it",
        "agent-openclaw-token",
        "OPENCLAW_GATEWAY_TOKEN",
    )
    agent: str = Field(
        default="main",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Which of the gateway's agents answers, unless response_model names another.",
        json_schema_extra={"form": "the id of an agent such as main"},
    )


class CommandAgentSettings(Section):
    """A program of your own that answers: a line of JSON in for each turn, lines of text out."""

    argv: Annotated[tuple[Argument, ...], FromArray] = Field(
        default=(),
        max_length=100,
        description=(
            "The program and its arguments, with no shell between; where the program is a path "
            "with a slash, it begins at the folder of the file that it stands in."
        ),
        json_schema_extra={"item": "a text of at most 4000 characters"},
    )


class AgentSettings(Section):
    """The agent: decides what to say."""

    provider: Literal["embedded", "openai", "openclaw", "command"] = Field(
        default="embedded",
        description="The agent that decides what our side of a call says.",
    )
    embedded: ReceptionistSettings = ReceptionistSettings()
    openai: OpenaiAgentSettings = OpenaiAgentSettings()
    openclaw: OpenclawAgentSettings = OpenclawAgentSettings()
    command: CommandAgentSettings = CommandAgentSettings()

    def with_paths(self, whole: Callable[[str], str]) -> Self:
        """The same, with the program by its *whole* path, unless its name is to be looked for."""
        program, arguments = self.command.argv[:1], self.command.argv[1:]
        paths = tuple(whole(path) if "/" in path else path for path in program)
        command = self.command.model_copy(update={"argv": (*paths, *arguments)})
        return self.model_copy(update={"command": command})
