"""The daemon under attack, as a program: its parts, and calls that wait for their streams.

It says where it is and what the streams have to show, then for every line that it reads how many
bytes each call has heard so far; it ends with its input.
"""

import gc
import json
import os
import sys
from dataclasses import asdict

import trio

from tests.bench.media_capacity import fed_bytes, place_calls
from tests.bench.media_lab import SENTENCE, SENTENCE_S, open_telephone
from voicecalld.logs import configure_logs


def tell(fact: object) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


async def main(count: int, lasts_s: float) -> None:
    """Let *count* calls tell a story of *lasts_s*."""
    story = " ".join(SENTENCE.format(number) for number in range(round(lasts_s / SENTENCE_S)))
    async with open_telephone(count) as (switchboard, carrier, _):
        tickets = await place_calls(switchboard, count, story)
        calls = {call.notes.record.provider_call_id: call for call in switchboard.calls.values()}
        gc.collect()
        gc.freeze()  # as the daemon does
        tell(
            {
                "port": carrier.listener.socket.getsockname()[1],
                "tickets": [asdict(ticket) for ticket in tickets],
            }
        )
        async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as lines:
            while await lines.receive_some():
                tell({str(name): fed_bytes(call) for name, call in calls.items()})


if __name__ == "__main__":
    configure_logs(sys.stderr, journal=False, terminal=False)
    trio.run(main, int(sys.argv[1]), float(sys.argv[2]))
