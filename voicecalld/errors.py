"""Every error this program raises on purpose, sorted by whose fault it is.

The operator's: `ConfigError`. A peer's (carrier, speech service, agent): `RemoteError`. An RPC
client's: `RequestError`. Unusable sound in a file: `BadAudioError`. Everything else that is raised
is a bug, which ends one call and nothing else.

Codes and exit statuses are part of the interface: they are never renumbered.
"""

from typing import ClassVar


class VoicecallError(Exception):
    """The root: catch it only where an error becomes a message for a person."""


class ConfigError(VoicecallError):
    """The configuration cannot be used; the operator has to change it.

    ``problems`` holds one line for each mistake, each naming file and key.
    """

    exit_status: ClassVar[int] = 78  # EX_CONFIG of sysexits(3)

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StartError(VoicecallError):
    """The daemon cannot start here: a socket in use, a state directory that cannot be written."""


class BadAudioError(VoicecallError):
    """A sound file cannot be read as sound."""


class BadScriptError(VoicecallError):
    """A telephone's script cannot be used."""


class JournalError(VoicecallError):
    """The journal cannot be written or read: the disk is full, or broken."""


# --- a peer's fault ------------------------------------------------------------------


class RemoteError(VoicecallError):
    """A peer did not do what it promised."""


class BadMessageError(RemoteError):
    """A peer sent something that its protocol does not allow."""


class BadHeadError(BadMessageError):
    """The head of a request over HTTP is not one that we take; ``status`` is our answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class BadSignatureError(RemoteError):
    """A webhook was not signed by the carrier that it claims to come from.

    ``url`` is the URL that it would have been signed with, without the query; empty if that is
    not what is wrong. It is no part of the message, as parts of it may be the sender's choice.
    """

    def __init__(self, reason: str, *, url: str = "") -> None:
        super().__init__(reason)
        self.url = url


class CarrierError(RemoteError):
    """A carrier refused a request, or its answer cannot be understood."""


class UnreachableError(CarrierError):
    """A carrier could not be reached, so it has not been asked for anything."""


class OutcomeUnknownError(CarrierError):
    """Nobody knows whether the carrier has done what it was asked for."""


class StreamBrokenError(RemoteError):
    """A media stream cannot carry another message: its peer has gone or does not read."""


class ServiceError(RemoteError):
    """A transcriber, a synthesizer or an agent failed.

    ``retry_after_s`` is how long it has asked to be left alone.
    """

    def __init__(self, message: str = "", *, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    def name_service(self, kind: str, name: str) -> None:
        """Tell *name*, with which of several services this is, in place of its mere *kind*."""
        text = str(self)
        for told in (name, "the service", f"the {kind}"):
            if text.startswith(told):
                self.args = (name + text.removeprefix(told),)
                return


class UnreachableServiceError(ServiceError):
    """A service could not be reached, so it has not been asked for anything."""


class NotStartedError(ServiceError):
    """A service has not started on this machine, so it has not been asked for anything."""


class HopelessServiceError(ServiceError):
    """A service failed, and would fail again if it were asked the same at once."""


class NotUnderstoodError(ServiceError):
    """What a service was sent, or its answer, made no sense; with something else it may."""


class ServiceRefusedError(ServiceError):
    """A service wants no WebSocket with us; ``status`` and ``body`` are its answer over HTTP."""

    def __init__(self, message: str, *, status: int, body: bytes) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class ServiceClosedError(ServiceError):
    """A service has closed its WebSocket; with ``code`` 1006 it did not say so.

    ``reason`` holds the service's own words, harmless to print.
    """

    def __init__(self, message: str, *, code: int, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


# --- an RPC client's fault -----------------------------------------------------------


class RequestError(VoicecallError):
    """An RPC request was understood and refused."""

    code: ClassVar[int]


class BadParameterError(RequestError):
    """A parameter is missing, of the wrong type, or out of range."""

    code = -32602  # JSON-RPC 2.0, "Invalid params"

    def __init__(self, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class NoSuchCallError(RequestError):
    """No live or remembered call has this id."""

    code = 100


class CallEndedError(RequestError):
    """The call is over, so nothing more can be said on it."""

    code = 101


class CallBusyError(RequestError):
    """Too much waits to be said on the call, or somebody waits for the other party's words."""

    code = 102


class NoReplyError(RequestError):
    """The other party said nothing in time."""

    code = 103


class TooManyCallsError(RequestError):
    """The limit of concurrent calls is reached."""

    code = 104


class StoppingError(RequestError):
    """The daemon is stopping and takes no new calls."""

    code = 105


class CallRefusedError(RequestError):
    """The call is not allowed, or the carrier would not do what it needs."""

    code = 106


class NotConnectedError(RequestError):
    """The call is not answered yet, or its sound is interrupted: nobody would hear it."""

    code = 107


class PermissionDeniedError(RequestError):
    """The client's user may not control this daemon."""

    code = 108


class AlreadySubscribedError(RequestError):
    """The connection receives events already."""

    code = 109


class NotSpokenError(RequestError):
    """What was to be said could not be turned into speech."""

    code = 110


# --- what voicecallctl ends with -----------------------------------------------------


class RefusedError(VoicecallError):
    """The daemon refused what voicecallctl asked for, or could not do it."""

    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class NoDaemonError(VoicecallError):
    """No daemon answers at the control socket, or it has gone away."""

    exit_status: ClassVar[int] = 3


# --- what the demo ends with ---------------------------------------------------------


class DemoFailedError(VoicecallError):
    """The conversation of the demo did not go as it should; a line for each reason."""
