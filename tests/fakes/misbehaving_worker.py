"""A worker process that does what each request tells it to, good or bad."""

import ctypes
import os
import signal
import sys
import time

from voicecalld.speech.framing import Answer, Request
from voicecalld.speech.worker_program import LONGEST_WORK_S, AnswerFunction, run_worker


def load() -> AnswerFunction:
    """The engine needs nothing."""
    return misbehave


def misbehave(request: Request) -> Answer:
    """Do what ``do`` says, then answer with ``echo`` and a body of ``size`` bytes."""
    match request.fields.get("do"):
        case "complain":
            sys.stderr.write("dear me! " * 100_000)
        case "print":
            print("a library that talks to standard output", flush=True)  # noqa: T201
        case "hang":
            signal.pause()
        case "seize":
            ctypes.PyDLL(None).pause()  # hangs without letting another thread run
        case "linger":
            time.sleep(0.02)  # longer than it takes to be cancelled
        case "raise":
            raise RuntimeError("out of order")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            pass
    size = request.fields.get("size")
    return Answer(
        number=request.number,
        fields={
            "echo": request.fields.get("echo"),
            "pid": os.getpid(),
            "session": os.getsid(0),
            "environment": sorted(os.environ),
            "path": sys.path,
        },
        body=b"x" * (size if isinstance(size, int) else 0),
    )


if __name__ == "__main__":
    run_worker(load, longest_work_s=float(sys.argv[1]) if sys.argv[1:] else LONGEST_WORK_S)
