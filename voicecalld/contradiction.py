"""The complaints of rules: about values that may not be together."""

from pydantic_core import InitErrorDetails, PydanticCustomError

CONTRADICTION = "contradiction"
"""The type of these errors in pydantic's list of them."""


def contradiction(reason: str, *key: str, cause: tuple[str, ...] = ()) -> InitErrorDetails:
    """A complaint about *key*, counted from the field that is being validated.

    If it is only because of *cause*, *reason* begins with the name of that: then whoever knows
    where it stands can tell.
    """
    # Not as a part of the template: a brace in it would be a placeholder.
    error = PydanticCustomError(CONTRADICTION, "{reason}", {"reason": reason, "cause": cause})
    return InitErrorDetails(type=error, loc=key, input=None)
