"""The parameters of every method: what a client sent becomes values that can be trusted.

Nothing is converted or repaired: a number in quotes is not a number. A parameter that nobody knows
is refused, because it is a misspelt one that would otherwise be ignored.
"""

import unicodedata
from itertools import chain
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from voicecalld.call.clauses import ClauseChunker, speakable
from voicecalld.errors import BadParameterError
from voicecalld.ids import PhoneNumber, parse_digits, parse_phone_number
from voicecalld.rpc.json_line import Json

MAX_TEXT_CHARACTERS: Final = 10_000  # eleven minutes of speech
MAX_ID_CHARACTERS: Final = 200
MAX_PATH_CHARACTERS: Final = 4096  # PATH_MAX of Linux


def parse_text(text: str) -> str:
    """Read *text* as something to be said: words, at most a lecture, no control characters."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ValueError(f"must not have more than {MAX_TEXT_CHARACTERS} characters")
    if not text.strip():
        raise ValueError("must not be blank")
    if any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in text):
        raise ValueError("must not contain control characters")
    if not has_words(text):
        raise ValueError("has nothing that can be said: no letter and no digit")
    return text


def has_words(text: str) -> bool:
    """Whether a voice will say anything of *text*, which it gets clause by clause."""
    chunker = ClauseChunker()
    # Usually the first clause has words, and the others are not looked at.
    clauses = chain.from_iterable(map(chunker.feed, text))
    return any(map(speakable, clauses)) or any(map(speakable, chunker.flush()))


def parse_name(text: str) -> str:
    """Read *text* as an id or a key: some printable characters."""
    if not 1 <= len(text) <= MAX_ID_CHARACTERS:
        raise ValueError(f"must have 1 to {MAX_ID_CHARACTERS} characters")
    if not text.isprintable() or not text.strip():
        raise ValueError("must consist of printable characters")
    return text


def parse_path(text: str) -> str:
    """Read *text* as the path of a file; the daemon's working folder is not the client's."""
    if not text.startswith("/"):
        raise ValueError("must be an absolute path")
    if "\0" in text or len(text) > MAX_PATH_CHARACTERS:
        raise ValueError("is no path")
    return text


def parse_caller(text: str) -> str:
    """Read *text* as who calls: a number, or nobody who wants to be known."""
    return text if text == "anonymous" else parse_phone_number(text)


Message = Annotated[str, AfterValidator(parse_text)]
Name = Annotated[str, AfterValidator(parse_name)]
Digits = Annotated[str, AfterValidator(parse_digits)]
Number = Annotated[PhoneNumber, AfterValidator(parse_phone_number)]
Caller = Annotated[str, AfterValidator(parse_caller)]
FilePath = Annotated[str, AfterValidator(parse_path)]


class Params(BaseModel):
    """Parameters by name; the wire's names are in camelCase."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=False
    )


class NoParams(Params):
    """A method that takes none."""


class InitiateParams(Params):
    """A call to be placed."""

    message: Message
    to: Number | None = None
    mode: Literal["notify", "conversation"] | None = None
    provider: Name | None = None
    idempotency_key: Name | None = None


class CallParams(Params):
    """One call."""

    call_id: Name


class MessageParams(CallParams):
    """Something to be said on a call."""

    message: Message


class DigitsParams(CallParams):
    """Keys to be pressed on a call."""

    digits: Digits


class StatusParams(Params):
    """One call, or all living ones."""

    call_id: Name | None = None


class ListParams(Params):
    """How many calls."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 20


class LatencyParams(Params):
    """Which turns: those of the last calls, or the last ones of a call."""

    last: Annotated[int, Field(ge=1, le=1000)] | None = None
    call_id: Name | None = None


class SubscribeParams(Params):
    """From which event on."""

    since: Annotated[int, Field(ge=0)] | None = None


class RingParams(Params):
    """A caller of the mock carrier's."""

    from_: Annotated[Caller, Field(alias="from")]
    to: Number | None = None
    say: Message | None = None
    wav: FilePath | None = None
    script: FilePath | None = None
    record: FilePath | None = None

    @model_validator(mode="after")
    def has_one_voice(self) -> "RingParams":
        """The caller has one thing to do."""
        if sum(part is not None for part in (self.say, self.wav, self.script)) != 1:
            raise ValueError("exactly one of say, wav and script must be given")
        return self


ParamsT = TypeVar("ParamsT", bound=Params)


def parse_params(model: type[ParamsT], params: Json) -> ParamsT:
    """Read *params* as a request gave them.

    Raises:
        BadParameterError: they are not what *model* says; the text names every bad parameter.
    """
    if isinstance(params, list):
        raise BadParameterError("parameters must be given by name, in an object")
    try:
        return model.model_validate({} if params is None else params)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        names = [str(detail["loc"][0]) for detail in details if detail["loc"]]
        raise BadParameterError(
            "; ".join(describe(detail) for detail in details),
            parameter=names[0] if names else None,
        ) from error


def describe(detail: ErrorDetails) -> str:
    """One complaint of pydantic's, in words for the author of a client."""
    name = str(detail["loc"][0]) if detail["loc"] else ""
    match detail["type"]:
        case "missing":
            return f"{name}: is missing"
        case "extra_forbidden":
            return f"unknown parameter {name!r}"
        case "value_error":
            return ": ".join(filter(None, (name, str(detail["ctx"]["error"]))))
        case _:
            return f"{name}: {detail['msg'].removeprefix('Input ')}"
