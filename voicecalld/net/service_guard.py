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

from voicecalld.errors import ServiceError, UnreachableServiceError
from voicecalld.net.breaker import Breaker

log: Final = structlog.get_logger()

LONGEST_REASON = 300


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
    """One use of a service; whoever uses it notes that an answer has begun."""

    began_s: float
    has_answered: bool = False


class ServiceGuard:
    """Watches one service, the *kind* of which is "synthesizer", say, and by what *provider*.

    Who asks and goes away is no judge, unless nothing had come in *patience_s*.
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
        self.unreachable = trio.Event()  # set while it is
        self.successes = 0
        self.failures = 0

    @property
    def name(self) -> str:
        """The service as an operator knows it."""
        return f"the {self.kind} ({self.provider})"

    @property
    def trouble(self) -> str:
        """What is wrong, for behind the name of the service."""
        return self.reason.replace(self.name, "it")

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
    def attempt(self) -> Iterator[Attempt]:
        """Use the service inside the block, and learn from what comes of it.

        Raises:
            ServiceError: it is left alone, because it has failed too often.
        """
        attempt = Attempt(began_s=trio.current_time())
        if not self.breaker.admits(attempt.began_s):
            raise ServiceError(f"{self.name} is left alone for a while: {self.trouble}")
        try:
            yield attempt
        except ServiceError as error:
            self.on_failure(error)
            raise
        except BaseException:
            self.judge(attempt)
            raise
        self.judge(attempt)

    def judge(self, attempt: Attempt) -> None:
        """Learn from an *attempt* that nothing was raised by."""
        if attempt.has_answered:
            self.on_success()
        elif trio.current_time() - attempt.began_s >= self.patience_s:
            self.on_failure(ServiceError(f"{self.name} gave no answer in time"))
        else:
            self.breaker.on_given_up()

    def on_success(self) -> None:
        """The service has done what it was asked for."""
        self.breaker.on_success()
        self.successes += 1
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
        if state is was and state is not ServiceState.NOT_STARTED:
            return
        self.state = state
        self.since_unix_s = self.unix_clock()
        if state is ServiceState.OK:
            log.info("service works", service=self.kind, provider=self.provider)
        else:
            about = {"service": self.kind, "provider": self.provider, "state": state.value}
            log.warning("service does not work", **about, reason=reason)
