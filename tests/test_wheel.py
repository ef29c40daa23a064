"""The wheel is the checkout, and what is served is the wheel: same code, same pages, byte for byte, nothing else."""

import gzip
import hashlib
import http.client
import itertools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest

from tests.kit.serving import Server, drempel
from tests.project import ROOT

SHIPPED = {"crypto": "crypto", "intake": "intake", "static": "intake/static"}
DECODERS = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
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
    assert entry_points.split() == ["[console_scripts]", "drempel", "=", "intake.start:main"]


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation of the wheel puts among the packages."""
    folder = tmp_path_factory.mktemp("installed")
    wheel.extractall(folder)
    (folder / "static").mkdir()  # left by some other distribution
    return folder


def test_an_installed_wheel_serves_the_pages_inside_it(installed: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from intake.assets import static_folder; print(static_folder())"],
        env=os.environ | {"PYTHONPATH": str(installed)},
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert Path(result.stdout.strip()) == installed / "intake" / "static"


def manifest_of(place: Path) -> dict[str, Any]:
    """What `drempel manifest` prints where the code is that of `place`."""
    ran = drempel("manifest", PYTHONPATH=str(place))
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    assert isinstance(found, dict)
    return found


@contextmanager
def served(place: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a demonstration by the code of `place`."""
    variables = {"PYTHONPATH": str(place), "TMPDIR": str(tmp_path)}
    server = Server(["demo", "--port", "0", "--json"], tmp_path / "logs", variables)
    try:
        yield json.loads(server.first_line)["url"]
        server.stop()
    finally:
        server.kill()


def fetch(url: str, path: str, encoding: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, after the decoding that a browser does."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    with closing(connection):
        connection.request("GET", path, headers={"Accept-Encoding": encoding})
        response = connection.getresponse()
        headers, body = {name.lower(): value for name, value in response.getheaders()}, response.read()
    del headers["content-length"]
    return response.status, headers, DECODERS[headers.pop("content-encoding", "")](body)


def differences(manifest: dict[str, Any], url: str, candidates: Iterable[str]) -> set[str]:
    """The files that are not served as the manifest says, those that are without being in it, and `headers`."""
    wrong, slug = set(), urlsplit(url).path.strip("/")
    for name, entry in manifest["files"].items():
        for path, encoding in itertools.product(entry["paths"], ("identity", "gzip", "br")):
            status, headers, body = fetch(url, path.format(slug=slug), encoding)
            told = {"type": headers.pop("content-type"), "bytes": len(body), "paths": entry["paths"]}
            if status != 200 or entry != {"sha256": hashlib.sha256(body).hexdigest(), **told}:
                wrong.add(name)
            if headers != manifest["headers"]:
                wrong.add("headers")
    listed = {path for entry in manifest["files"].values() for path in entry["paths"]}
    for name in candidates:
        if f"/static/{name}" not in listed and fetch(url, f"/static/{name}", "identity")[0] != 404:
            wrong.add(name)
    return wrong


def files_below(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def test_the_manifest_is_one_for_checkout_and_wheel(checkout: Path, installed: Path) -> None:
    manifest = manifest_of(checkout)
    assert manifest == manifest_of(installed)
    assert manifest["drempel"] == "0.1.0"
    assert manifest["headers"]["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert list(manifest["files"]) == sorted(manifest["files"])
    assert manifest["files"]["index.html"]["paths"] == ["/{slug}/", "/{slug}"]
    page = (checkout / "static" / "index.html").read_bytes()
    assert manifest["files"]["index.html"]["sha256"] == hashlib.sha256(page).hexdigest()
    assert "pages/reporter-worker.js" in manifest["files"]
    assert "js/worker/reporter.js" not in manifest["files"]


@pytest.mark.parametrize("form", ["checkout", "installed"])
def test_a_running_server_serves_the_manifest_and_nothing_else(
    request: pytest.FixtureRequest, checkout: Path, tmp_path: Path, form: str
) -> None:
    place: Path = request.getfixturevalue(form)
    with served(place, tmp_path) as url:
        assert differences(manifest_of(checkout), url, files_below(checkout / "static")) == set()


def test_a_server_that_serves_anything_else_is_seen(checkout: Path, installed: Path, tmp_path: Path) -> None:
    other = shutil.copytree(installed, tmp_path / "other")
    pages, code = other / "intake" / "static", other / "intake" / "service" / "http" / "headers.py"
    script = pages / "pages" / "reporter-worker.js"
    content = bytearray(script.read_bytes())
    content[len(content) // 2] ^= 1
    script.write_bytes(content)
    (pages / "index.html").write_bytes((pages / "index.html").read_bytes() + b"\n")
    (pages / "pages" / "more.js").write_text("export {};")
    with served(other, tmp_path) as url:
        found = differences(manifest_of(checkout), url, files_below(pages))
    assert found == {"pages/reporter-worker.js", "index.html", "pages/more.js"}

    text = code.read_text("utf-8")
    assert "form-action 'none'" in text
    code.write_text(text.replace("form-action 'none'", "form-action 'self'"), "utf-8")
    with served(other, tmp_path) as url:
        assert "headers" in differences(manifest_of(checkout), url, [])
