"""A quota of files: what reporters are told, and what `drempel doctor` tells the operator."""

import json
from pathlib import Path

import httpx

from crypto.public.blobs import CHUNK_LENGTH, longest_file
from tests.cli.kit.user import User, content
from tests.kit.serving import Demo, Server, drempel

MIB = 1 << 20
IN_TWO_MIB = 7  # chunks


def start(demo: Demo, name: str, *options: str) -> None:
    """Start a demo that is stopped with these options."""
    command = ["demo", "--port", "0", "--data", str(demo.data), "--json", *options]
    demo.server = Server(command, demo.logs / name)
    demo.codes = json.loads(demo.server.first_line)


def of_files(demo: Demo) -> tuple[int, str]:
    """The status of `drempel doctor`, and what it says of files."""
    ran = drempel("doctor", "--data", str(demo.data))
    [line] = [line for line in ran.out.splitlines() if "files of demo" in line]
    return ran.status, line


def test_files_beyond_a_quota_are_refused_in_words_and_texts_and_what_is_stored_are_not(
    own_demo: Demo, tmp_path: Path
) -> None:
    user = User(own_demo, tmp_path)
    first, second = (user.file(name, content(MIB)) for name in ("a.bin", "b.bin"))
    own_demo.stop()
    start(own_demo, "with a quota", "--quota", "2M")
    told = httpx.get(f"{own_demo.url}api/1/keys", trust_env=False).json()["attachment_bytes"]
    assert told == longest_file(IN_TWO_MIB) < 2 * MIB
    assert of_files(own_demo) == (0, "ok    files of demo: They take 0 of at most 2 MiB (0 %).")
    sent = user.report(first).json
    refusal = user.report(second, options=("--patience", "1")).refused("no room for files")
    assert "the files go on where they stopped" in refusal
    status, line = of_files(own_demo)
    full = "WRONG files of demo: They take 1 of at most 2 MiB (87 %): more are refused. Raise --quota."
    assert line == full, "what came before there was no room is kept"
    assert status == 1
    checks = drempel("doctor", "--data", str(own_demo.data), "--json")
    assert checks.status == 1
    assert [check["name"] for check in json.loads(checks.out)["checks"] if not check["ok"]] == [
        "files of demo"
    ]
    assert user.report().json, "a text still goes in"
    assert user.exported(sent["mailbox"]) == {"a.bin": content(MIB)}
    own_demo.stop()
    assert of_files(own_demo) == (0, "ok    files of demo: They take 1 MiB."), "nobody told it the quota"
    start(own_demo, "with a larger one", "--quota", str(8 * CHUNK_LENGTH))
    assert user.report(second).json, "it has gone on"
    assert "(100 %): more are refused" in of_files(own_demo)[1]
