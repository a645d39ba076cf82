"""The simulated Telnyx as a program, to hold calls with a daemon by hand."""

import argparse
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.carriers.program import Diary, build_parser, choose_callee, run_program, say
from tests.carriers.telnyx.carrier import (
    API_KEY,
    CONNECTION_ID,
    DEMO_PRIVATE_KEY,
    SimulatedTelnyx,
    open_telnyx,
)

DESCRIPTION = """\
A Telnyx of your own on this machine: REST API for calls, signed webhooks, commands, media streams.
Set api_base_url and public_key of the daemon's table [telnyx] to what is printed, and api_key and
connection_id to the same as here; then place a call as usual. Everything that happens is printed.
The key pair that signs webhooks is always the same, and known to all, unless another is given."""

EXAMPLES = """\
Examples:
    python -m tests.carriers.telnyx --connect-to 127.0.0.1:3334 --callee anna.toml
    python -m tests.carriers.telnyx --connect-to 127.0.0.1:3334 --ring +12065550117 \\
        --voice-url https://calls.example.test/voice/webhook/telnyx"""


@asynccontextmanager
async def open_carrier(arguments: argparse.Namespace) -> AsyncIterator[SimulatedTelnyx]:
    """The carrier of a command line."""
    async with open_telnyx(
        port=arguments.port,
        connect_to=arguments.connect_to,
        callee=choose_callee(arguments),
        connection_id=arguments.connection_id,
        api_key=arguments.api_key,
        signing_key=arguments.private_key,
        tell=Diary().print,
    ) as telnyx:
        say(f"REST API: {telnyx.base_url}")
        say(f"Public key: {telnyx.public_key}")
        yield telnyx


def parse_private_key(text: str) -> Ed25519PrivateKey:
    """A key of Ed25519, as the 32 bytes that it is made of in base64."""
    try:
        return Ed25519PrivateKey.from_private_bytes(b64decode(text, validate=True))
    except ValueError:
        raise argparse.ArgumentTypeError("it must be 32 bytes in base64") from None


def main() -> None:
    """Read the command line, and run."""
    parser = build_parser("telnyx", DESCRIPTION, EXAMPLES)
    parser.add_argument("--connection-id", default=CONNECTION_ID, help="(%(default)s)")
    parser.add_argument("--api-key", default=API_KEY, help="(%(default)s)")
    parser.add_argument(
        "--private-key",
        type=parse_private_key,
        default=DEMO_PRIVATE_KEY,
        metavar="BASE64",
        help="of Ed25519, which signs the webhooks (%(default)s)",
    )
    run_program(parser, open_carrier)


if __name__ == "__main__":
    main()
