"""What all tables of the configuration file have in common."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

MILLISECONDS: JsonDict = {"unit": "milliseconds"}
SECONDS: JsonDict = {"unit": "seconds"}

# Strict would want a tuple, and TOML has arrays; their items stay strict.
FromArray = Field(strict=False)


class Section(BaseModel):
    """One table of the configuration file: never changed, and nothing unknown in it.

    Strict: the text ``"300"`` is no number, and ``true`` is not one either. Defaults are
    validated like everything else, so a default that contradicts a given value is found.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )
