"""The control socket as a file: made where nothing else is, for one user, removed at the end."""

import contextlib
import pathlib
import socket
import stat
from collections.abc import AsyncIterator

import trio

from voicecalld.errors import StartError


@contextlib.asynccontextmanager
async def open_control_listener(path: pathlib.Path) -> AsyncIterator[trio.SocketListener]:
    """A listener at *path*, which only our own user can reach.

    Raises:
        StartError: another daemon listens there, something else than a socket is there, or the
            socket cannot be made.
    """
    bound = bind_socket(path)
    ours = identify(path)
    async with trio.SocketListener(trio.socket.from_stdlib_socket(bound)) as listener:
        try:
            yield listener
        finally:
            if ours is not None:
                remove_if_same(path, ours)


def bind_socket(path: pathlib.Path) -> socket.socket:
    """A socket that listens at *path*; `StartError` if there cannot be one."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_stale_socket(path)
        bound.bind(str(path))
        # Whatever the umask is: nobody can connect before the socket listens.
        path.chmod(0o600)
        bound.listen()
    except OSError as error:
        bound.close()
        raise StartError(f"cannot listen at {path}: {error.strerror or error}") from error
    except StartError:
        bound.close()
        raise
    return bound


def remove_stale_socket(path: pathlib.Path) -> None:
    """Remove a socket that a dead daemon left at *path*.

    Two daemons that start in the same millisecond could both find it dead; the second then takes
    the socket, and the first fails at the state directory, which has a lock.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StartError(f"{path} is there already and is not a socket")
    if is_answered(path):
        raise StartError(f"another voicecalld answers at {path}")
    path.unlink()


def remove_if_same(path: pathlib.Path, ours: tuple[int, int]) -> None:
    """Remove our socket, unless another daemon has put its own there meanwhile."""
    if identify(path) == ours:
        path.unlink()


def is_answered(path: pathlib.Path) -> bool:
    """Whether somebody listens at *path*; an `OSError` if that cannot be told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except BlockingIOError:
            return True  # its queue of connections is full
    return True


def identify(path: pathlib.Path) -> tuple[int, int] | None:
    """What is at *path*, whatever its name was before; ``None`` if there is nothing."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
