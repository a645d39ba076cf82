import socket
import stat
from pathlib import Path

import pytest
import trio

from voicecalld.control.listener import open_control_listener
from voicecalld.errors import StartError


def leave_stale_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()


async def test_the_socket_and_its_folder_are_for_one_user_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "control.sock"

    async with open_control_listener(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_the_socket_is_gone_after_the_end(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async with open_control_listener(path):
        pass

    assert not path.exists()


async def test_a_socket_that_a_dead_daemon_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    leave_stale_socket(path)

    async with (
        open_control_listener(path) as listener,
        await trio.open_unix_socket(path),
        await listener.accept() as accepted,
    ):
        assert accepted.socket.getsockname() == str(path)


async def test_a_socket_that_answers_belongs_to_another_daemon(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async with open_control_listener(path):
        with pytest.raises(StartError, match=f"another voicecalld answers at {path}"):
            async with open_control_listener(path):
                pass

        assert path.exists()


async def test_a_daemon_too_busy_to_accept_is_still_another_daemon(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))

        with pytest.raises(StartError, match="another voicecalld answers"):
            async with open_control_listener(path):
                pass


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("x")])
async def test_what_is_no_socket_is_left_alone(tmp_path: Path, make: object) -> None:
    path = tmp_path / "control.sock"
    assert callable(make)
    make(path)

    with pytest.raises(StartError, match="is not a socket"):
        async with open_control_listener(path):
            pass

    assert path.is_symlink() or path.exists()


@pytest.mark.parametrize("name", ["file/control.sock", "a" * 120])
async def test_a_place_where_no_socket_can_be_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StartError, match=f"cannot listen at {tmp_path / name}"):
        async with open_control_listener(tmp_path / name):
            pass


async def test_a_socket_that_another_daemon_put_there_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async with open_control_listener(path):
        path.rename(tmp_path / "moved")  # so that its inode is not given away again
        leave_stale_socket(path)

    assert path.exists()


async def test_a_socket_that_somebody_removed_meanwhile_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async with open_control_listener(path):
        path.unlink()

    assert not path.exists()
