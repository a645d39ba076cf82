import pytest

from voicecalld.errors import ConfigError
from voicecalld.provider.catalog import build_provider


def test_a_carrier_that_does_not_exist_is_the_operators_mistake() -> None:
    with pytest.raises(ConfigError, match="'pigeon' is none of mock"):
        build_provider("pigeon", key=b"key")
