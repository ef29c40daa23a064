"""What an operator may say of the largest file, the quota and the room for texts."""

import json
from pathlib import Path

import httpx
import pytest

from tests.kit.serving import Server, drempel


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--largest-file", "20G", "between"),
        ("--largest-file", "0", "between"),
        ("--largest-file", "4 GB", "not a size"),
        ("--largest-file", "-1", "not a size"),
        ("--reserve", "1x", "not a size"),
        ("--reserve", "\u0663", "not a size"),
        ("--reserve", "9999T", "between"),
        ("--quota", "1023K", "between"),
        ("--quota", "lots", "not a size"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_what_is_no_size_is_said_to_be_none(
    tmp_path: Path, command: str, option: str, value: str, word: str
) -> None:
    drempel(command, "--data", str(tmp_path / "data"), option, value).misused(word)
    assert not (tmp_path / "data").exists()


def test_what_is_set_is_what_clients_are_told(tmp_path: Path) -> None:
    command = ["demo", "--data", str(tmp_path / "data"), "--port", "0", "--json"]
    server = Server([*command, "--largest-file", "500M", "--reserve", "1GiB"], tmp_path / "logs")
    try:
        url = json.loads(server.first_line)["url"]
        assert httpx.get(f"{url}api/1/keys", trust_env=False).json()["attachment_bytes"] == 500 * 1024 * 1024
        server.stop()
    finally:
        server.kill()
