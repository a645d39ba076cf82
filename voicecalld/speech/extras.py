"""Whether the engines that are not always installed are there."""

from importlib.util import find_spec
from pathlib import Path

from voicecalld.errors import ConfigError


def find_extra(package: str, *, setting: str) -> Path:
    """The directory of *package*, found without importing it.

    Raises:
        ConfigError: it is not installed, so *setting* cannot be "embedded".
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigError(
            f'{setting} "embedded" needs the extra "offline": pip install "voicecalld[offline]"'
        )
    return Path(spec.origin).parent
