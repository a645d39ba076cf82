"""The simulated Plivo as a program, to hold calls with a daemon by hand."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.carriers.plivo.carrier import AUTH_ID, AUTH_TOKEN, SimulatedPlivo, open_plivo
from tests.carriers.program import Diary, build_parser, choose_callee, run_program, say

DESCRIPTION = """\
A Plivo of your own on this machine: REST API for calls, signed webhooks, XML, audio streams.
Set api_base_url of the daemon's table [plivo] to the address that is printed, and auth_id and
auth_token to the same as here; then place a call as usual. Everything that happens is printed."""

EXAMPLES = """\
Examples:
    python -m tests.carriers.plivo --connect-to 127.0.0.1:3334 --callee anna.toml
    python -m tests.carriers.plivo --connect-to 127.0.0.1:3334 --ring +12065550117 \\
        --voice-url https://calls.example.test/voice/webhook/plivo"""


@asynccontextmanager
async def open_carrier(arguments: argparse.Namespace) -> AsyncIterator[SimulatedPlivo]:
    """The carrier that the command line describes."""
    async with open_plivo(
        port=arguments.port,
        connect_to=arguments.connect_to,
        callee=choose_callee(arguments),
        auth_id=arguments.auth_id,
        auth_token=arguments.auth_token,
        tell=Diary().print,
    ) as plivo:
        say(f"REST API: {plivo.base_url}")
        yield plivo


def main() -> None:
    """Read the command line, and run."""
    parser = build_parser("plivo", DESCRIPTION, EXAMPLES)
    parser.add_argument("--auth-id", default=AUTH_ID, help="(%(default)s)")
    parser.add_argument("--auth-token", default=AUTH_TOKEN, help="(%(default)s)")
    run_program(parser, open_carrier)


if __name__ == "__main__":
    main()
