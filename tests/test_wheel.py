"""The wheel is the checkout: same code, same pages, byte for byte, and nothing else."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import ROOT

SHIPPED = {"crypto": "crypto", "intake": "intake", "static": "intake/static"}
JUNK = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout as the wheel is built from, held still: somebody may be editing the real one."""
    root = tmp_path_factory.mktemp("checkout") / "drempel"
    for folder in (*SHIPPED, "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=JUNK)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, root)
    return root


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(checkout)]
    subprocess.run(command, check=True, timeout=120)
    (built,) = folder.iterdir()
    assert built.name == "drempel-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(built) as archive:
        yield archive


def test_it_holds_code_and_pages_with_the_bytes_of_the_checkout(
    checkout: Path, wheel: zipfile.ZipFile
) -> None:
    expected = {
        f"{inside}/{path.relative_to(checkout / folder).as_posix()}": path.read_bytes()
        for folder, inside in SHIPPED.items()
        for path in (checkout / folder).rglob("*")
        if path.is_file()
    }
    held = {
        name: wheel.read(name) for name in wheel.namelist() if not name.startswith("drempel-0.1.0.dist-info/")
    }
    assert held.keys() == expected.keys()
    assert [name for name, content in held.items() if content != expected[name]] == []


def test_it_installs_the_command(wheel: zipfile.ZipFile) -> None:
    entry_points = wheel.read("drempel-0.1.0.dist-info/entry_points.txt").decode()
    assert entry_points.split() == ["[console_scripts]", "drempel", "=", "intake.cli:main"]


def test_an_installed_wheel_serves_the_pages_inside_it(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    (tmp_path / "static").mkdir()  # left by some other distribution
    result = subprocess.run(
        [sys.executable, "-c", "from intake.assets import static_folder; print(static_folder())"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert Path(result.stdout.strip()) == tmp_path / "intake" / "static"
    assert (tmp_path / "intake" / "static" / "vendor" / "noble.js").is_file()
