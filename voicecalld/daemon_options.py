"""The command line of the daemon."""

import argparse
from pathlib import Path

from voicecalld import __version__


def build_parser() -> argparse.ArgumentParser:
    """The parser; ``voicecalld(8)`` is made from it."""
    parser = argparse.ArgumentParser(
        prog="voicecalld",
        description="Holds telephone calls between people and a voice agent.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="read the settings from FILE, and from nowhere else",
    )
    parser.add_argument(
        "--check-config",
        action="store_true",
        help="report the mistakes in the settings and in what they name, and exit",
    )
    parser.add_argument(
        "--socket",
        metavar="PATH",
        help="listen for voicecallctl at PATH",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"voicecalld {__version__}",
        help="print the version and exit",
    )
    return parser
