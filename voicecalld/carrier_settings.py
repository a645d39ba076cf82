"""The settings of the carriers: who we are to each of them."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from voicecalld.section import Section, check_base_url, is_plain

LONGEST_SECRET = 200
ACCOUNT_FORM = "AC and 32 digits of lower-case hexadecimal"


def check_secret(secret: SecretStr) -> SecretStr:
    """Refuse what has been copied together with something else."""
    if not is_plain(secret.get_secret_value()):
        raise ValueError("it must have nothing but printable characters of ASCII, and no blanks")
    return secret


class TwilioSettings(Section):
    """The carrier Twilio."""

    account_sid: str = Field(
        default="",
        pattern=r"^(AC[0-9a-f]{32})?$",
        description=(
            "The account that pays for the calls; the credential twilio-account-sid or the "
            "environment variable TWILIO_ACCOUNT_SID may hold it instead."
        ),
        # Not secret itself; but the token, pasted here by mistake, would be shown.
        json_schema_extra={"form": ACCOUNT_FORM, "secret": True},
    )
    auth_token: Annotated[SecretStr, AfterValidator(check_secret)] = Field(
        default=SecretStr(""),
        max_length=LONGEST_SECRET,
        description=(
            "The account's secret, which opens the REST API and signs the webhooks; the "
            "credential twilio-auth-token or the environment variable TWILIO_AUTH_TOKEN may hold "
            "it instead."
        ),
        json_schema_extra={"form": "a text of at most 200 characters of ASCII, without blanks"},
    )
    shared_key: Annotated[SecretStr, AfterValidator(check_secret)] = Field(
        default=SecretStr(""),
        max_length=LONGEST_SECRET,
        description=(
            "The key that webhooks are signed with, for accounts that have one; then the "
            "auth_token signs none; the credential twilio-shared-key or the environment variable "
            "TWILIO_SHARED_KEY may hold it instead."
        ),
        json_schema_extra={"form": "a text of at most 200 characters of ASCII, without blanks"},
    )
    region: str = Field(
        default="us1",
        pattern=r"^[a-z]{2}[0-9]$",
        description="The region that the account's calls are kept in.",
        json_schema_extra={"form": "a region of Twilio's such as us1, ie1 or au1"},
    )
    api_base_url: Annotated[str, AfterValidator(check_base_url)] = Field(
        default="https://api.twilio.com",
        description="Where the REST API is; http is allowed on this machine only.",
        json_schema_extra={"form": "an https URL without a path"},
    )
    voice: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description=(
            "The carrier's own voice that speaks on calls without a media stream, such as "
            "Polly.Joanna; an empty text means the voice that Twilio has for the language."
        ),
        json_schema_extra={"form": "a name of Twilio's, or an empty text"},
    )
