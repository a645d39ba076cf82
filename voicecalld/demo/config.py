"""The configuration of the demo's daemon."""

from pathlib import Path
from typing import Final

import tomlkit

CALLEE: Final = "+15550100"
SCRIPT: Final = Path(__file__).with_name("callee.toml")

# Twice as long as the call takes: whatever goes wrong, it ends.
MAX_DURATION_SECONDS: Final = 90


def render_config(state: Path, record: Path) -> str:
    """The configuration file of a daemon that keeps all it has in *state*.

    Args:
        state: a folder; two daemons must not share one.
        record: the WAV file that the callee's telephone writes.
    """
    phone = {"script": str(SCRIPT), "record": str(record), "answers_after_ms": 1000}
    return tomlkit.dumps(
        {
            "max_duration_seconds": MAX_DURATION_SECONDS,
            "drain_seconds": 0,
            "store": {"path": str(state)},
            "mock": {"phones": {CALLEE: phone}},
        }
    )
