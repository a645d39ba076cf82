"""The settings of the door to the internet: webhooks, media streams, and what is before them."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from voicecalld.section import MILLISECONDS, FromArray, Section

CONNECTIONS: JsonDict = {"unit": "connections"}
PATH = r"^/[A-Za-z0-9._~/-]{0,199}[A-Za-z0-9._~-]$"
PATH_FORM: JsonDict = {"form": "a path such as /voice/webhook, without a slash at its end"}
ALL_OF_IPV4_IN_IPV6 = ipaddress.ip_network("::ffff:0:0/96")  # RFC 4291, 2.5.5.2
HOST = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$"


def check_address(text: str) -> str:
    """Refuse what is not an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("it must be an IP address such as 127.0.0.1 or ::1") from None
    return text


def check_network(text: str) -> str:
    """Refuse what is neither an IP address nor a network of them, and what is all of them."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("it must be an IP address or a network such as 10.0.0.0/8") from None
    if network.prefixlen == 0 or network == ALL_OF_IPV4_IN_IPV6:
        raise ValueError("it must not be every address there is: then everybody is a proxy")
    return text


def is_loopback(address: str) -> bool:
    """Whether *address* is this machine's own; what is no address is not."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class ServeSettings(Section):
    """Where carriers reach the daemon."""

    bind: Annotated[str, AfterValidator(check_address)] = Field(
        default="127.0.0.1",
        description="The address of this machine that webhooks and media streams come to.",
        json_schema_extra={"form": "an IP address"},
    )
    port: int = Field(
        default=3334,
        ge=0,
        le=65_535,
        description="The TCP port at that address; with 0 the system chooses one.",
    )
    path: str = Field(
        default="/voice/webhook",
        pattern=PATH,
        description="The path of the webhooks.",
        json_schema_extra=PATH_FORM,
    )


class StreamingSettings(Section):
    """Media streams: the audio of calls as a WebSocket."""

    enabled: bool = Field(
        default=True,
        description=(
            "Whether calls are held over media streams; without them the carrier's own voice "
            "speaks and its own recogniser listens."
        ),
    )
    stream_path: str = Field(
        default="/voice/stream",
        pattern=PATH,
        description=(
            "The path of the media streams; a proxy that adds something in front of serve.path "
            "must add the same in front of this one."
        ),
        json_schema_extra=PATH_FORM,
    )
    pre_start_timeout_ms: int = Field(
        default=5_000,
        ge=100,
        le=60_000,
        description="How long a new media stream may take to say whose call it carries.",
        json_schema_extra=MILLISECONDS,
    )
    max_pending_connections: int = Field(
        default=32,
        ge=1,
        le=10_000,
        description="The most media streams that may be about to say so.",
        json_schema_extra=CONNECTIONS,
    )
    max_pending_connections_per_ip: int = Field(
        default=4,
        ge=1,
        le=10_000,
        description="The most of those from one address.",
        json_schema_extra=CONNECTIONS,
    )
    max_connections: int = Field(
        default=128,
        ge=1,
        le=10_000,
        description="The most media streams in all.",
        json_schema_extra=CONNECTIONS,
    )


class WebhookSecuritySettings(Section):
    """Which words of a proxy are believed; public_url needs none of them."""

    allowed_hosts: Annotated[tuple[Annotated[str, Field(pattern=HOST)], ...], FromArray] = Field(
        default=(),
        max_length=100,
        description=(
            "The public host names that a forwarding header may give to a webhook's URL; without "
            "a public_url carriers are told the first of them."
        ),
        json_schema_extra={"item": "a host name in lower case, with its port if it has one"},
    )
    trusted_proxy_ips: Annotated[
        tuple[Annotated[str, AfterValidator(check_network)], ...], FromArray
    ] = Field(
        default=(),
        max_length=100,
        description=(
            "The proxies whose forwarding headers are believed at all; behind one that is not "
            "here all strangers share the limits of its one address."
        ),
        json_schema_extra={
            "item": "an IP address or a network such as 10.0.0.0/8, but not all addresses at once"
        },
    )
    trust_forwarding_headers: bool = Field(
        default=False,
        description=(
            "Whether a trusted proxy may name any host, also one that allowed_hosts does not have."
        ),
    )


class TunnelSettings(Section):
    """What brings the internet to a daemon that listens on this machine only."""

    provider: Literal["none", "ngrok"] = Field(
        default="none",
        description=(
            "What brings webhooks here when it is not a proxy of yours; the daemon does not start "
            "it, so whoever wants ngrok runs it himself."
        ),
    )
    allow_ngrok_free_tier_loopback_bypass: bool = Field(
        default=False,
        description=(
            "Whether Twilio's webhooks are obeyed although their signature is wrong, because "
            "ngrok's free tier changes the URL that was signed; only for trying things out, and "
            "refused unless nothing but ngrok brings webhooks to this machine."
        ),
    )
