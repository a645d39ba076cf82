from pathlib import Path

import pytest

from voicecalld.errors import StartError
from voicecalld.places import state_directory

EVERYTHING = {
    "STATE_DIRECTORY": "/var/lib/one:/var/lib/two",
    "XDG_STATE_HOME": "/state/",
    "HOME": "/home/ann",
}


@pytest.mark.parametrize(
    ("environment", "configured", "place"),
    [
        (EVERYTHING, "/chosen", "/chosen"),
        (EVERYTHING, "", "/var/lib/one"),
        (EVERYTHING | {"STATE_DIRECTORY": ""}, "", "/state/voicecalld"),
        (EVERYTHING | {"STATE_DIRECTORY": "not/absolute"}, "", "/state/voicecalld"),
        ({"XDG_STATE_HOME": "state", "HOME": "/h"}, "", "/h/.local/state/voicecalld"),
        ({"HOME": "/h/"}, "", "/h/.local/state/voicecalld"),
        ({"HOME": "/"}, "", "/.local/state/voicecalld"),
    ],
)
def test_the_state_is_kept_at_the_first_place_that_is_known(
    environment: dict[str, str], configured: str, place: str
) -> None:
    assert state_directory(environment, configured) == Path(place)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "home/ann"}])
def test_without_a_place_for_the_state_the_daemon_does_not_start(
    environment: dict[str, str],
) -> None:
    with pytest.raises(StartError, match=r"no place for the state: set store\.path"):
        state_directory(environment, "")
