"""Each file of deploy/ passes its own program's check, and holds what makes it ours."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import programs
from tests.deploy.programs import DEPLOY

HOST = "drempel.example"


# systemd


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as it is, but for the place of the program, which must exist to be verified."""
    stand_in = tmp_path / "drempel"
    stand_in.write_text("#!/bin/sh\n")
    stand_in.chmod(0o755)
    text = (DEPLOY / "drempel.service").read_text()
    assert text.count("ExecStart=/opt/drempel/.venv/bin/drempel ") == 1
    path = tmp_path / "drempel.service"
    path.write_text(text.replace("ExecStart=/opt/drempel/.venv/bin/drempel ", f"ExecStart={stand_in} "))
    return path


def verify_unit(unit: Path) -> subprocess.CompletedProcess[str]:
    return programs.run(
        "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit), cwd=unit.parent
    )


def exposure(unit: Path, threshold: int) -> subprocess.CompletedProcess[str]:
    """Of systemd's own scale from 0 to 100 (it prints tenths)."""
    options = ("--offline=true", "--no-pager", f"--threshold={threshold}")
    return programs.run("systemd-analyze", "security", *options, str(unit), cwd=unit.parent)


def test_systemd_finds_no_fault_in_the_unit(unit: Path) -> None:
    result = verify_unit(unit)
    assert (result.returncode, result.stderr) == (0, "")


def test_systemd_would_find_a_misspelt_directive(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("UMask=", "Umask="))
    assert "Umask" in verify_unit(unit).stderr


def test_the_unit_exposes_almost_nothing(unit: Path) -> None:
    result = exposure(unit, threshold=10)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("directive", ["SystemCallFilter=", "CapabilityBoundingSet=", "IPAddressDeny="])
def test_a_unit_without_one_of_its_walls_would_be_seen(unit: Path, directive: str) -> None:
    lines = unit.read_text().splitlines()
    unit.write_text("\n".join(line for line in lines if not line.startswith(directive)))
    assert exposure(unit, threshold=10).returncode != 0


def test_the_unit_listens_on_the_loopback_interface_only(unit: Path) -> None:
    text = unit.read_text()
    assert re.search(
        r"^ExecStart=\S+ serve --data /var/lib/drempel --host 127\.0\.0\.1 --port 8080$", text, re.M
    )
    for line in ("IPAddressDeny=any", "IPAddressAllow=localhost", "StateDirectoryMode=0700", "UMask=0077"):
        assert line in text.splitlines()


# Caddy


def adapted(folder: Path) -> Any:
    result = programs.run(
        "caddy", "adapt", "--config", str(DEPLOY / "Caddyfile"), cwd=folder, DREMPEL_HOST=HOST
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def every(value: Any, key: str) -> list[Any]:
    """All that lies under `key` anywhere in a JSON value."""
    found = []
    if isinstance(value, dict):
        found = [value[key]] if key in value else []
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [hit for child in children for hit in every(child, key)]


def test_caddy_takes_its_configuration(tmp_path: Path) -> None:
    config = str(DEPLOY / "Caddyfile")
    for command in (("validate", "--adapter", "caddyfile", "--config", config), ("fmt", config)):
        result = programs.run("caddy", *command, cwd=tmp_path, DREMPEL_HOST=HOST)
        assert result.returncode == 0, result.stderr
        assert "formatted" not in result.stderr


def test_caddy_keeps_no_log_of_requests(tmp_path: Path) -> None:
    config = adapted(tmp_path)
    assert [server for server in config["apps"]["http"]["servers"].values() if "logs" in server] == []
    assert list(config["logging"]["logs"]) == ["default"]
    assert config["logging"]["logs"]["default"]["exclude"] == ["http"]
    assert config["admin"] == {"disabled": True}


def test_caddy_compresses_nothing_and_serves_nothing_of_its_own(tmp_path: Path) -> None:
    """An encoder would show how much of an answer is padding; a file server would be a second release."""
    config = adapted(tmp_path)
    allowed = {"subroute", "headers", "reverse_proxy", "static_response"}
    assert set(every(config, "handler")) == allowed
    assert [transport["compression"] for transport in every(config, "transport")] == [False]
    assert every(config, "request_body") == []


def test_caddy_redirects_to_its_own_name_and_nowhere_else(tmp_path: Path) -> None:
    config = adapted(tmp_path)
    assert every(config, "Location") == [[f"https://{HOST}{{http.request.uri}}"]]
    redirects = [server.get("automatic_https") for server in config["apps"]["http"]["servers"].values()]
    assert redirects == [{"disable_redirects": True}] * 2


def test_caddy_speaks_no_http3(tmp_path: Path) -> None:
    """It would add Alt-Svc, which browsers store."""
    assert every(adapted(tmp_path), "protocols") == [["h1", "h2"]] * 2


# Tor


@pytest.fixture
def torrc(tmp_path: Path) -> Path:
    """The file as it is, but for the folder of its keys."""
    text = (DEPLOY / "torrc").read_text()
    assert text.count("/var/lib/tor/drempel") == 1
    path = tmp_path / "torrc"
    path.write_text(text.replace("/var/lib/tor/drempel", str(tmp_path / "onion")))
    return path


def verify_torrc(torrc: Path) -> subprocess.CompletedProcess[str]:
    folder = torrc.parent
    defaults = folder / "defaults"
    defaults.write_text("")
    return programs.run(
        *("tor", "--verify-config", "-f", str(torrc)),
        *(
            "--defaults-torrc",
            str(defaults),
            "--DataDirectory",
            str(folder / "data"),
            "--Log",
            "notice stdout",
        ),
        cwd=folder,
    )


def warnings(result: subprocess.CompletedProcess[str]) -> list[str]:
    """What tor warns of, but for being run as root, which is the test's doing."""
    lines = result.stdout.splitlines()
    return [line for line in lines if re.search(r"\[(warn|err)\]", line) and "Tor as root" not in line]


def test_tor_takes_its_configuration_without_a_warning(torrc: Path) -> None:
    result = verify_torrc(torrc)
    assert result.returncode == 0, result.stdout
    assert "Configuration was valid" in result.stdout
    assert warnings(result) == []


def test_tor_would_warn_of_a_misspelt_option(torrc: Path) -> None:
    torrc.write_text(torrc.read_text() + "\nHeartbeatPeriods 0\n")
    result = verify_torrc(torrc)
    assert result.returncode != 0
    assert warnings(result) != []


def test_tor_here_can_defend_against_a_flood(tmp_path: Path) -> None:
    """`HiddenServicePoWDefensesEnabled` says nothing where the module was left out of the build."""
    result = programs.run("tor", "--list-modules", cwd=tmp_path)
    assert "pow: yes" in result.stdout.splitlines()


def test_tor_serves_an_onion_address_and_nothing_else() -> None:
    lines = [line.partition(" ") for line in (DEPLOY / "torrc").read_text().splitlines()]
    options = {name: value for name, _, value in lines if name and not name.startswith("#")}
    expected = {
        "SocksPort": "0",
        "HiddenServiceVersion": "3",
        "HiddenServicePort": "80 127.0.0.1:8080",
        "HiddenServicePoWDefensesEnabled": "1",
        "SafeLogging": "1",
        "Log": "notice syslog",
        "HeartbeatPeriod": "0",
    }
    assert expected.items() <= options.items()
    assert not {"ORPort", "DirPort", "ControlPort", "DNSPort", "TransPort"} & options.keys()


def test_a_missing_program_fails_a_test_and_says_what_to_do() -> None:
    with pytest.raises(pytest.fail.Exception, match="needs no-such-program: run 'make test', or install it"):
        programs.program("no-such-program")


def test_the_readme_names_every_file_that_is_deployed() -> None:
    text = (DEPLOY / "README.md").read_text()
    files = [path.name for path in DEPLOY.iterdir() if path.is_file() and path.name != "README.md"]
    assert [name for name in files if f"`{name}`" not in text] == []
