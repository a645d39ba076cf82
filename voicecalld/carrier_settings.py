"""The settings of the carriers: who we are to each of them."""

from base64 import b64decode, b64encode
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from voicecalld.section import NUMBER_FORM, Number, Secret, Section, check_base_url

LONGEST_SECRET = 200
ACCOUNT_FORM = "AC and 32 digits of lower-case hexadecimal"
PUBLIC_KEY_BYTES = 32


def check_public_key(text: str) -> str:
    """Refuse what is not 32 bytes in base64, as it is written; an empty text is no key."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it must be base64") from None
    # Decoding passes over bits that the last digit has too many.
    if text and (len(key) != PUBLIC_KEY_BYTES or b64encode(key).decode() != text):
        raise ValueError(f"it must be the base64 text of {PUBLIC_KEY_BYTES} bytes")
    return text


BaseUrl = Annotated[str, AfterValidator(check_base_url)]


def secret(description: str) -> Any:
    """A field that holds a secret."""
    return Field(
        default=SecretStr(""),
        max_length=LONGEST_SECRET,
        description=description,
        json_schema_extra={"form": "a text of at most 200 characters of ASCII, without blanks"},
    )


def base_url(default: str) -> Any:
    """A field that says where a REST API is."""
    return Field(
        default=default,
        description="Where the REST API is; http is allowed on this machine only.",
        json_schema_extra={"form": "an https URL without a path"},
    )


def own_number(carrier: str) -> Any:
    """A field for the number of the account at *carrier*."""
    return Field(
        default=None,
        description=(
            f"The number from which calls are placed with {carrier}, in place of the from_number "
            "at the top of the file."
        ),
        json_schema_extra=NUMBER_FORM,
    )


class AccountSettings(Section):
    """What the settings of all carriers across the network have in common."""

    NEEDED: ClassVar[tuple[str, ...]]
    """The keys without which there is no account.

    Each may stand in the environment and in a credential of systemd as well.
    """

    @property
    def given(self) -> tuple[str, ...]:
        """The keys of `NEEDED` that have a value."""
        values = {key: getattr(self, key) for key in self.NEEDED}
        return tuple(key for key, value in values.items() if value not in ("", SecretStr("")))

    @property
    def has_account(self) -> bool:
        """Whether the settings suffice to place and take calls."""
        return self.given == self.NEEDED


class TwilioSettings(AccountSettings):
    """The carrier Twilio."""

    NEEDED: ClassVar[tuple[str, ...]] = ("account_sid", "auth_token")

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
    auth_token: Secret = secret(
        "The account's secret, which opens the REST API and signs the webhooks; the "
        "credential twilio-auth-token or the environment variable TWILIO_AUTH_TOKEN may hold "
        "it instead."
    )
    shared_key: Secret = secret(
        "The key that webhooks are signed with, for accounts that have one; then the "
        "auth_token signs none; the credential twilio-shared-key or the environment variable "
        "TWILIO_SHARED_KEY may hold it instead."
    )
    from_number: Number | None = own_number("Twilio")
    region: str = Field(
        default="us1",
        pattern=r"^[a-z]{2}[0-9]$",
        description="The region that the account's calls are kept in.",
        json_schema_extra={"form": "a region of Twilio's such as us1, ie1 or au1"},
    )
    api_base_url: BaseUrl = base_url("https://api.twilio.com")
    voice: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description=(
            "The carrier's own voice that speaks on calls without a media stream, such as "
            "Polly.Joanna; an empty text means the voice that Twilio has for the language."
        ),
        json_schema_extra={"form": "a name of Twilio's, or an empty text"},
    )


class TelnyxSettings(AccountSettings):
    """The carrier Telnyx."""

    NEEDED: ClassVar[tuple[str, ...]] = ("api_key", "public_key", "connection_id")

    api_key: Secret = secret(
        "The key that opens the REST API; the credential telnyx-api-key or the environment "
        "variable TELNYX_API_KEY may hold it instead."
    )
    public_key: Annotated[str, AfterValidator(check_public_key)] = Field(
        default="",
        description=(
            "The account's public key, by which its webhooks are known; the credential "
            "telnyx-public-key or the environment variable TELNYX_PUBLIC_KEY may hold it instead."
        ),
        # None of these two is secret, but the API key, pasted here by mistake, would be shown.
        json_schema_extra={"form": "32 bytes in base64, as Telnyx shows them", "secret": True},
    )
    connection_id: str = Field(
        default="",
        pattern=r"^[0-9]{0,40}$",
        description=(
            "The Voice API application (Call Control) that calls are placed with; the credential "
            "telnyx-connection-id or the environment variable TELNYX_CONNECTION_ID may hold it "
            "instead."
        ),
        json_schema_extra={"form": "the application's id, which is digits", "secret": True},
    )
    from_number: Number | None = own_number("Telnyx")
    api_base_url: BaseUrl = base_url("https://api.telnyx.com")
    voice: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._:-]{0,100}$",
        description=(
            "The carrier's own voice that speaks on calls without a media stream, such as "
            "AWS.Polly.Joanna-Neural; an empty text means a plain one for the language, "
            "which Telnyx has not for all: then this has to be set."
        ),
        json_schema_extra={"form": "a name of Telnyx's, or an empty text"},
    )


class PlivoSettings(AccountSettings):
    """The carrier Plivo."""

    NEEDED: ClassVar[tuple[str, ...]] = ("auth_id", "auth_token")

    auth_id: str = Field(
        default="",
        pattern=r"^([MS]A[A-Z0-9]{18})?$",
        description=(
            "The account or subaccount that pays for the calls; the credential plivo-auth-id or "
            "the environment variable PLIVO_AUTH_ID may hold it instead."
        ),
        # Not secret itself; but the token, pasted here by mistake, would be shown.
        json_schema_extra={
            "form": "MA or SA and 18 capital letters and digits",
            "secret": True,
        },
    )
    auth_token: Secret = secret(
        "Its secret, which opens the REST API and signs the webhooks; the credential "
        "plivo-auth-token or the environment variable PLIVO_AUTH_TOKEN may hold it instead."
    )
    from_number: Number | None = own_number("Plivo")
    api_base_url: BaseUrl = base_url("https://api.plivo.com")
    voice: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description=(
            "The carrier's own voice that speaks on calls without a media stream, such as "
            "Polly.Joanna; an empty text means the voice that Plivo has for the language."
        ),
        json_schema_extra={"form": "a name of Plivo's, or an empty text"},
    )


Account: TypeAlias = TwilioSettings | TelnyxSettings | PlivoSettings
