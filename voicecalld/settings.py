"""The settings of the daemon: every table of the configuration file.

Here and in the modules of its sections, a default is written once. Every field carries a sentence,
a range and, where it measures something, a unit. The manual, the example file and the complaints
about a configuration file are all made from them.
"""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict

from voicecalld.agent_settings import AgentSettings
from voicecalld.carrier_settings import Account, PlivoSettings, TelnyxSettings, TwilioSettings
from voicecalld.edge_settings import (
    ServeSettings,
    StreamingSettings,
    TunnelSettings,
    WebhookSecuritySettings,
)
from voicecalld.ids import PhoneNumber
from voicecalld.phone_settings import PhoneSettings
from voicecalld.section import (
    MILLISECONDS,
    NUMBER_FORM,
    SECONDS,
    FromArray,
    Number,
    Section,
    check_url,
)
from voicecalld.settings_rules import RULES, complain
from voicecalld.stt_settings import SttSettings
from voicecalld.tts_settings import MessagesSettings, TtsSettings
from voicecalld.turn_settings import TurnSettings

CALLS: JsonDict = {"unit": "calls"}
PUBLIC_URL_FORM = (
    "an https URL with a path and with neither query nor fragment, such as "
    "https://voice.example.com/voice/webhook; http only if its host is this machine"
)

MOCK_NUMBER = PhoneNumber("+15550000000")


def check_public_url(text: str) -> str:
    """Refuse what is no URL; an empty text means that there is none."""
    if text and not urlsplit(check_url(text)).path:
        raise ValueError("it must have a path, if only a slash")
    return text


class OutboundSettings(Section):
    """Calls that we place."""

    default_mode: Literal["notify", "conversation"] = Field(
        default="notify",
        description="What a placed call is for when the request does not say.",
    )
    notify_hangup_delay_seconds: float = Field(
        default=3.0,
        ge=0,
        le=60,
        description="The pause between the end of a notification and hanging up.",
        json_schema_extra=SECONDS,
    )
    voicemail: Literal["talk", "hang-up"] = Field(
        default="talk",
        description=(
            "What to do when a machine answers: talk to it as to a person, or let the carrier "
            "find out, which costs money and a moment, and hang up."
        ),
    )


class LimitSettings(Section):
    """What the daemon refuses to exceed."""

    max_concurrent_calls: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="The most calls that may be live at the same time, in both directions.",
        json_schema_extra=CALLS,
    )


class StoreSettings(Section):
    """Where calls are remembered."""

    path: str = Field(
        default="",
        pattern=r"^(/[^\x00]*)?$",
        max_length=4_000,
        description=(
            "The directory of the journal; an empty text means the state directory of the daemon."
        ),
        json_schema_extra={"form": "an absolute path, or an empty text"},
    )


class MockSettings(Section):
    """The mock carrier: a telephone network inside the daemon."""

    answers_after_ms: int = Field(
        default=1_500,
        ge=0,
        le=600_000,
        description="How long a telephone of the mock carrier rings before it is answered.",
        json_schema_extra=MILLISECONDS,
    )
    phones: dict[Number, PhoneSettings] = Field(
        default={},
        description="The telephones of the mock carrier that do more than answer and listen.",
    )


class Settings(Section):
    """Everything that an operator may change.

    Fields are validated in the order in which they are written, and ``info.data`` has only the
    valid ones: a field that is wrong in itself is not blamed a second time. Hence the tables that
    a rule for a key looks at are in front of that key; in the file all tables follow the keys.
    """

    provider: Literal["mock", "twilio", "telnyx", "plivo"] = Field(
        default="mock",
        description=(
            "The carrier with which calls are placed when the request does not name one; calls "
            "are answered from every carrier with an account, but with mock from that alone."
        ),
    )
    from_number: Number | None = Field(
        default=None,
        description=(
            "The number from which calls are placed, unless the carrier's table has another; the "
            "mock carrier has one of its own."
        ),
        json_schema_extra=NUMBER_FORM,
    )
    twilio: TwilioSettings = TwilioSettings()
    telnyx: TelnyxSettings = TelnyxSettings()
    plivo: PlivoSettings = PlivoSettings()
    serve: ServeSettings = ServeSettings()
    webhook_security: WebhookSecuritySettings = WebhookSecuritySettings()
    tunnel: TunnelSettings = TunnelSettings()
    streaming: StreamingSettings = StreamingSettings()
    to_number: Number | None = Field(
        default=None,
        description="The number that is called when the request does not name one.",
        json_schema_extra=NUMBER_FORM,
    )
    skip_signature_verification: bool = Field(
        default=False,
        description=(
            "Whether webhooks are obeyed without proof that they are the carrier's; refused "
            "unless serve.bind is this machine alone, and no public_url, tunnel or trusted proxy "
            "lets others in."
        ),
    )
    public_url: Annotated[str, AfterValidator(check_public_url)] = Field(
        default="",
        max_length=500,
        description=(
            "The URL at which carriers reach the webhooks, whose path is whatever your proxy maps "
            "to serve.path; without it, it is the first of webhook_security.allowed_hosts with "
            "serve.path."
        ),
        json_schema_extra={"form": PUBLIC_URL_FORM},
    )
    max_duration_seconds: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="The longest that a call may last, counted from its answer.",
        json_schema_extra=SECONDS,
    )
    ring_timeout_ms: int = Field(
        default=30_000,
        ge=1_000,
        le=600_000,
        description="How long a placed call may ring before it is given up.",
        json_schema_extra=MILLISECONDS,
    )
    stale_call_reaper_seconds: int = Field(
        default=120,
        ge=0,
        le=86_400,
        description=(
            "How long a call may go without being answered before it is ended; 0 means for ever, "
            "and anything else must exceed ring_timeout_ms."
        ),
        json_schema_extra=SECONDS,
    )
    transcript_timeout_ms: int = Field(
        default=180_000,
        ge=1_000,
        le=3_600_000,
        description="How long a request to continue a call waits for the other party's words.",
        json_schema_extra=MILLISECONDS,
    )
    response_model: str = Field(
        default="",
        pattern=r"^[!-~]{0,200}$",
        description=(
            "The model that answers, in place of agent.openai.model; for a gateway "
            "openclaw:AGENT chooses the agent, and anything else the model behind it; the "
            "embedded agent has none."
        ),
        json_schema_extra={"form": "the name of a model, or an empty text"},
    )
    response_system_prompt: str = Field(
        default="",
        max_length=20_000,
        description=(
            "What a model is told of its task, in place of instructions to speak as people do on "
            "the telephone; what it must know of the call and of hanging up follows."
        ),
    )
    response_timeout_ms: int = Field(
        default=30_000,
        ge=100,
        le=600_000,
        description="How long to wait for the first words of the agent's answer.",
        json_schema_extra=MILLISECONDS,
    )
    drain_seconds: float = Field(
        default=5.0,
        ge=0,
        le=3_600,
        description="How long live calls may go on when the daemon is told to stop.",
        json_schema_extra=SECONDS,
    )
    inbound_policy: Literal["disabled", "allowlist", "open"] = Field(
        default="disabled",
        description="Whose calls are answered: nobody's, those of allow_from, or everybody's.",
    )
    allow_from: Annotated[tuple[Number, ...], FromArray] = Field(
        default=(),
        max_length=10_000,
        description="The numbers whose calls are answered under the policy allowlist.",
        json_schema_extra={"item": "an E.164 phone number such as +15550100"},
    )
    inbound_greeting: str = Field(
        default="Hello! How can I help?",
        min_length=1,
        max_length=1_000,
        description="What is said first on a call that we answer.",
    )
    language: str = Field(
        default="en-US",
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="The language of the calls.",
        json_schema_extra={"form": "a BCP 47 tag such as en-US"},
    )
    outbound: OutboundSettings = OutboundSettings()
    turn: TurnSettings = TurnSettings()
    tts: TtsSettings = TtsSettings()
    messages: MessagesSettings = MessagesSettings()
    stt: SttSettings = SttSettings()
    agent: AgentSettings = AgentSettings()
    limits: LimitSettings = LimitSettings()
    store: StoreSettings = StoreSettings()
    mock: MockSettings = MockSettings()

    @property
    def accounts(self) -> Mapping[str, Account]:
        """The carriers across the network, by their names, whether there is an account or not."""
        return {"twilio": self.twilio, "telnyx": self.telnyx, "plivo": self.plivo}

    def number_of(self, carrier: str) -> PhoneNumber:
        """The number from which calls are placed with *carrier*."""
        account = self.accounts.get(carrier)
        own = account.from_number if account is not None else None
        return own or self.from_number or MOCK_NUMBER

    @field_validator(*RULES)
    @classmethod
    def check_rules(cls, value: object, info: ValidationInfo) -> object:
        """Refuse what contradicts other tables and keys."""
        complain(value, str(info.field_name), info.data)
        return value

    @field_validator("stale_call_reaper_seconds")
    @classmethod
    def check_reaper_lets_ring(cls, reaper_seconds: int, info: ValidationInfo) -> int:
        """Refuse to reap a call that may still ring."""
        ring_timeout_ms = info.data.get("ring_timeout_ms")
        if ring_timeout_ms is not None and 0 < reaper_seconds <= ring_timeout_ms / 1000:
            raise ValueError(
                f"it must be 0 or exceed ring_timeout_ms, which is {ring_timeout_ms} milliseconds"
            )
        return reaper_seconds

    @field_validator("allow_from")
    @classmethod
    def check_somebody_is_allowed(
        cls, allow_from: tuple[PhoneNumber, ...], info: ValidationInfo
    ) -> tuple[PhoneNumber, ...]:
        """Refuse a list of nobody, which would be a longer word for ``disabled``."""
        if info.data.get("inbound_policy") == "allowlist" and not allow_from:
            raise ValueError(
                'inbound_policy is "allowlist", so at least one number must be allowed; to answer '
                'nobody\'s calls, set inbound_policy to "disabled"'
            )
        return allow_from
