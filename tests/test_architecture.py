"""Every module in its layer: the import contracts hold, and would be seen to break."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code that a test may break."""
    for package in ("crypto", "intake"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_import_contracts_hold(copy: Path) -> None:
    result = lint_imports(copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("files", "contract"),
    [
        ({"intake/service/leak.py": "import crypto.secret.envelope_seal"}, "the server is blind"),
        ({"intake/service/leak.py": "from crypto.secret.hpke_seal import *"}, "the server is blind"),
        (
            {"intake/store/leak.py": "def read() -> None:\n    from crypto.secret import keyring"},
            "the server is blind",
        ),
        (
            {
                "intake/service/leak.py": "import intake.between",
                "intake/between.py": "import crypto.secret.envelope_seal",
            },
            "the server is blind",
        ),
        ({"intake/service/leak.py": "import intake.client"}, "the server is blind"),
        ({"crypto/public/leak.py": "import crypto.secret.codes"}, "what is public needs no secret"),
        ({"crypto/public/leak.py": "import cryptography"}, "what is public needs no secret"),
        ({"crypto/leak.py": "import intake"}, "crypto is the protocol alone"),
        ({"crypto/leak.py": "import httpx"}, "crypto is the protocol alone"),
        ({"crypto/leak.py": "from starlette.routing import Route"}, "crypto is the protocol alone"),
        ({"intake/client/leak.py": "import intake.store"}, "a client knows a service by its wire only"),
    ],
)
def test_a_module_in_the_wrong_layer_is_seen(copy: Path, files: dict[str, str], contract: str) -> None:
    for path, text in files.items():
        (copy / path).write_text(f'"""Breaks a contract."""\n\n{text}\n')
    result = lint_imports(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert len(broken) == 1
    assert broken[0].startswith(contract)


def test_the_protocol_package_gives_nothing_along() -> None:
    """Contracts follow imports of modules: what `crypto/__init__.py` imported would slip past them."""
    loaded = "import sys, crypto; print(sorted(m for m in sys.modules if m.startswith('crypto.')))"
    result = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_folder_of_python_tests_is_a_package() -> None:
    """tests/crypto without one above it would shadow the real crypto."""
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def python_script(folder: Path, text: str) -> Path:
    program = folder / "python3"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("python", "word"),
    [
        ('case "$2" in *platform*) echo 3.9.2;; *) exit 1;; esac', "Python 3.11 or newer is needed"),
        ('case "$2" in *platform*) echo "Python 3.10.14";; esac', "is 3.10.14."),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt-get install python3-venv"),
    ],
)
def test_a_machine_that_cannot_run_it_is_told_so_in_one_line(tmp_path: Path, python: str, word: str) -> None:
    """`make run` on an old or incomplete Python fails before it installs anything."""
    environment = os.environ | {"PYTHON": str(python_script(tmp_path, python))}
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    result = subprocess.run(
        ["make", "run"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    said = [line for line in result.stderr.splitlines() if line.startswith("drempel:")]
    assert len(said) == 1
    assert word in said[0]
    assert not (tmp_path / ".venv").exists()


def test_the_command_says_its_version() -> None:
    command = Path(sys.executable).parent / "drempel"
    result = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == "drempel, version 0.1.0\n"


def sleeping(root: Path) -> list[str]:
    """The modules of the client that sleep."""
    found = (path for path in (root / "intake" / "client").rglob("*.py") if "sleep(" in path.read_text())
    return sorted(path.name for path in found)


def test_a_client_repeats_in_one_place(copy: Path) -> None:
    """What sleeps and tries again by itself would not end with `--patience`."""
    assert sleeping(ROOT) == ["retry.py"]
    mailbox = copy / "intake" / "client" / "mailbox.py"
    mailbox.write_text(f"{mailbox.read_text()}\n\nasync def again() -> None:\n    await asyncio.sleep(1)\n")
    assert sleeping(copy) == ["mailbox.py", "retry.py"]
