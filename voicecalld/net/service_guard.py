"""How a service is doing, as its use shows: told to the operator, and to a breaker.

What is told of a failure is our own description of it: no words, keys or numbers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
import trio

from voicecalld.errors import NotStartedError, ServiceError, UnreachableServiceError
from voicecalld.net.breaker import Breaker

log: Final = structlog.get_logger()

LONGEST_REASON = 300

# In a row; one may be no fault of the service.
MOST_UNANSWERED = 3

# Whoever has as much patience begins to wait a moment before the service is asked.
CLOCK_S = 0.05


class ServiceState(StrEnum):
    """How a service is doing."""

    NOT_STARTED = "not started"
    OK = "ok"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """How a service is doing: since when, why, and how often it has done what was asked."""

    provider: str
    state: ServiceState
    since_unix_s: float
    reason: str
    successes: int
    failures: int


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One use of a service; whoever uses it notes that an answer has begun.

    ``waited_s`` is, at its end, how long nothing has come in it and in those before it; an answer
    or a failure ends that wait. The one before, ``after``, may end only while this one goes on.
    """

    began_s: float
    after: "Attempt | None" = None
    waited_s: float = 0.0
    has_answered: bool = False


class ServiceGuard:
    """Watches one service, the *kind* of which is "synthesizer", say, and by what *provider*.

    Who asks and goes away is no judge, unless nothing had come in *patience_s*; so it is with who
    goes away several times, to ask again: what they have waited adds up.
    """

    def __init__(
        self,
        kind: str,
        provider: str,
        *,
        patience_s: float,
        unix_clock: Callable[[], float],
        breaker: Breaker | None = None,
    ) -> None:
        self.kind = kind
        self.provider = provider
        self.patience_s = patience_s
        self.unix_clock = unix_clock
        self.breaker = breaker or Breaker()
        self.state = ServiceState.NOT_STARTED
        self.since_unix_s = unix_clock()
        self.reason = "it has not been tried yet"
        self.is_told_of = False  # that it does not work
        self.unreachable = trio.Event()  # set while it is
        self.successes = 0
        self.failures = 0
        self.unanswered = 0  # in a row

    @property
    def name(self) -> str:
        """The service as an operator knows it."""
        return f"the {self.kind} ({self.provider})"

    @property
    def trouble(self) -> str:
        """What is wrong, for behind the name of the service."""
        words = {f"{self.name}'s ": "its ", f"{self.name} at ": "the service at ", self.name: "it"}
        text = self.reason
        for named, short in words.items():
            text = text.replace(named, short)
        return text

    @property
    def health(self) -> ServiceHealth:
        """How the service is doing."""
        return ServiceHealth(
            provider=self.provider,
            state=self.state,
            since_unix_s=self.since_unix_s,
            reason=self.reason,
            successes=self.successes,
            failures=self.failures,
        )

    @contextmanager
    def attempt(self, after: Attempt | None = None) -> Iterator[Attempt]:
        """Use the service inside the block, and learn from what comes of it.

        *after* is the one before, of somebody who may have gone away to ask again.

        Raises:
            ServiceError: it is left alone, because it has failed too often.
        """
        attempt = Attempt(began_s=trio.current_time(), after=after)
        if not self.breaker.admits(attempt.began_s):
            raise self.left_alone()
        try:
            yield attempt
        except NotStartedError:
            self.breaker.on_given_up()  # who keeps it started knows why
            raise
        except ServiceError as error:
            self.on_failure(error)
            raise
        except BaseException:
            self.judge(attempt, is_over=False)
            raise
        else:
            self.judge(attempt, is_over=True)
        finally:
            attempt.after = None  # else a long call would keep all of them

    def check(self) -> None:
        """Make sure that the service is not left alone, without asking it for anything.

        Raises:
            ServiceError: it is, because it has failed too often.
        """
        if self.breaker.is_resting(trio.current_time()):
            raise self.left_alone()

    def left_alone(self) -> ServiceError:
        """What whoever asks is told meanwhile."""
        return ServiceError(f"{self.name} is left alone for a while: {self.trouble}")

    def judge(self, attempt: Attempt, *, is_over: bool) -> None:
        """Learn from an *attempt* that has not failed; unless it *is_over*, it was given up."""
        if attempt.has_answered:
            self.on_success()
            return
        before_s = 0.0 if attempt.after is None else attempt.after.waited_s
        attempt.waited_s = before_s + trio.current_time() - attempt.began_s
        if is_over or attempt.waited_s < self.patience_s - CLOCK_S:
            self.breaker.on_given_up()
            return
        attempt.waited_s = 0.0
        self.on_failure(ServiceError(f"{self.name} gave no answer in time"))

    def on_success(self) -> None:
        """The service has done what it was asked for."""
        self.breaker.on_success()
        self.successes += 1
        self.unanswered = 0
        self.on_works()

    def on_works(self) -> None:
        """The service has started, or has done what it was asked for."""
        self.note_way(is_open=True)
        self.change(ServiceState.OK, "")

    def on_reached(self) -> None:
        """The service can be reached; if it has failed otherwise, that does not mend it."""
        if self.state is ServiceState.NOT_STARTED or self.unreachable.is_set():
            self.on_works()

    def note_way(self, *, is_open: bool) -> None:
        """Note whether the service can be reached."""
        if not is_open:
            self.unreachable.set()
        elif self.unreachable.is_set():
            self.unreachable = trio.Event()

    def on_failure(self, error: ServiceError) -> None:
        """The service has failed."""
        self.breaker.on_failure(trio.current_time())
        self.failures += 1
        self.on_trouble(error)

    def on_unanswered(self) -> None:
        """Something was never answered; whoever asks next is not turned away for that."""
        self.failures += 1
        self.unanswered += 1
        if self.unanswered >= MOST_UNANSWERED:
            self.change(ServiceState.FAILING, f"{self.name} gave no answer several times in a row")

    def on_trouble(self, error: ServiceError) -> None:
        """The service cannot be reached, or has failed; *error* tells which one from now on."""
        error.name_service(self.kind, self.name)
        self.note_way(is_open=not isinstance(error, UnreachableServiceError))
        self.change(ServiceState.FAILING, str(error)[:LONGEST_REASON])

    def on_not_started(self, reason: str) -> None:
        """The service does not start."""
        self.change(ServiceState.NOT_STARTED, reason[:LONGEST_REASON])

    def change(self, state: ServiceState, reason: str) -> None:
        """The service is in *state* now, and has been since this was noticed first."""
        was, self.reason = self.state, reason
        is_news = state is not was
        if is_news:
            self.state = state
            self.since_unix_s = self.unix_clock()
        if is_news or (state is not ServiceState.OK and not self.is_told_of):
            self.tell()

    def tell(self) -> None:
        """Let the operator know when the service does not work, and when it works again."""
        about = {"service": self.kind, "provider": self.provider}
        if self.state is not ServiceState.OK:
            log.warning(
                "service does not work", **about, state=self.state.value, reason=self.reason
            )
        elif self.is_told_of:
            log.info("service works again", **about)
        self.is_told_of = self.state is not ServiceState.OK
