"""The worker's side of its pipes: it reads requests and writes answers until the daemon is gone.

The end of standard input is the order to stop, and comes when the daemon closes it or dies. An
engine that never comes back does not see it, so its work has a time limit as well.
Standard output carries answers and nothing else.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, TypeAlias

from voicecalld.speech.framing import Answer, Request, parse_request, render_answer

AnswerFunction: TypeAlias = Callable[[Request], Answer]

# What a mistake in an engine may cost the machine. 1 GiB is ten times what the larger engine
# maps; a worker opens no files but its engine's, and writes none.
LIMITS: Mapping[int, int] = {
    resource.RLIMIT_AS: 1024**3,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NOFILE: 64,
}

# Far more than the engines take to load, or for their longest request.
LONGEST_WORK_S = 30.0


def run_worker(
    load: Callable[[], AnswerFunction], *, longest_work_s: float = LONGEST_WORK_S
) -> None:
    """Be a worker process: *load* the engine, then answer with what it returned.

    Work that takes longer than *longest_work_s* is the process's last.
    """
    take_no_signals()
    limit_resources()
    answers = take_standard_output()
    try:
        with time_limit(longest_work_s):
            answer = load()
        answer_requests(sys.stdin.buffer, answers, answer, longest_work_s)
    except BrokenPipeError:
        # The daemon has closed its end, or died. At a normal exit Python would flush once more.
        os._exit(0)


def answer_requests(
    requests: BinaryIO, answers: BinaryIO, answer: AnswerFunction, longest_work_s: float
) -> None:
    """Answer every line of *requests*, in order, until there are no more."""
    for line in requests:
        with time_limit(longest_work_s):
            found = answer(parse_request(line))
        # Without a limit: the daemon may be in no hurry to read, and when it is gone, this fails.
        answers.write(render_answer(found))
        answers.flush()


@contextmanager
def time_limit(longest_s: float) -> Iterator[None]:
    """Let the kernel end this process if the block takes longer than *longest_s*.

    Without it, an engine in an endless loop would outlive a daemon that was killed. A thread that
    watches the pipe could not help: PocketSphinx does not let other threads run while it works.
    """
    signal.setitimer(signal.ITIMER_REAL, longest_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def take_no_signals() -> None:
    """Leave it to the daemon when to stop.

    systemd signals every process of a unit, and the daemon still wants to say goodbye then.
    """
    # A handler of ours would have to wait for the engine; the default does not.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def limit_resources() -> None:
    """Take `LIMITS`, or the stricter ones that are in force already."""
    for kind, wanted in LIMITS.items():
        _, allowed = resource.getrlimit(kind)
        most = wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
        resource.setrlimit(kind, (most, most))


def take_standard_output() -> BinaryIO:
    """The pipe for answers; what a library prints goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers
