"""The simulated Twilio as a program, to hold calls with a daemon by hand."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.carriers.program import Diary, build_parser, choose_callee, run_program, say
from tests.carriers.twilio.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedTwilio, open_twilio

DESCRIPTION = """\
A Twilio of your own on this machine: REST API for calls, signed webhooks, TwiML, media streams.
Set api_base_url of the daemon's table [twilio] to the address that is printed, and account_sid and
auth_token to the same as here; then place a call as usual. Everything that happens is printed."""

EXAMPLES = """\
Examples:
    python -m tests.carriers.twilio --connect-to 127.0.0.1:3334 --callee anna.toml
    python -m tests.carriers.twilio --connect-to 127.0.0.1:3334 --ring +12065550117 \\
        --voice-url https://calls.example.test/voice/webhook"""


@asynccontextmanager
async def open_carrier(arguments: argparse.Namespace) -> AsyncIterator[SimulatedTwilio]:
    """The carrier of a command line."""
    async with open_twilio(
        port=arguments.port,
        connect_to=arguments.connect_to,
        callee=choose_callee(arguments),
        account_sid=arguments.account_sid,
        auth_token=arguments.auth_token,
        tell=Diary().print,
    ) as twilio:
        say(f"REST API: {twilio.base_url}")
        yield twilio


def main() -> None:
    """Read the command line, and run."""
    parser = build_parser("twilio", DESCRIPTION, EXAMPLES)
    parser.add_argument("--account-sid", default=ACCOUNT_SID, help="(%(default)s)")
    parser.add_argument("--auth-token", default=AUTH_TOKEN, help="(%(default)s)")
    run_program(parser, open_carrier)


if __name__ == "__main__":
    main()
