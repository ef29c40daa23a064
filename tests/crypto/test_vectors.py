"""The vectors belong to neither language: Python gives what each of them expects."""

from pathlib import Path

import pytest

from crypto.public.errors import ERRORS
from tests.crypto.kit.operations import OPERATIONS, Json
from tests.crypto.kit.vectors import FOLDER, outcome, read_vector, vector_files
from tests.vectors.make import make_all

VECTORS = [pytest.param(path, id=path.stem) for path in vector_files()]
# Layers in which nothing but a server or a person can fail.
ELSEWHERE = ("api", "client")


def comparable(vector: Json, found: Json) -> Json:
    """All of an outcome; but Python's HPKE takes no randomness, so that the bytes of an opening are new each time."""
    if vector["operation"] != "seal-opening" or "output" not in found:
        return found
    return {**found, "output": {name: value for name, value in found["output"].items() if name != "sha256"}}


@pytest.mark.parametrize("path", VECTORS)
def test_python_gives_what_the_vector_expects(path: Path) -> None:
    vector = read_vector(path)
    assert comparable(vector, outcome(vector)) == comparable(vector, vector["expect"])


@pytest.mark.parametrize("path", VECTORS)
def test_a_vector_is_one_success_or_one_failure_at_a_layer(path: Path) -> None:
    vector = read_vector(path)
    assert vector["name"] == path.stem
    assert vector["about"]
    assert vector["made_by"] in ("javascript", "python")
    assert vector["operation"] in OPERATIONS
    expected = vector["expect"]
    if expected["layer"] == "ok":
        assert set(expected) == {"layer", "output"}
    else:
        assert "output" not in expected
        assert ERRORS[expected["code"]].layer == expected["layer"]


def test_every_failure_of_a_file_is_the_outcome_of_a_vector() -> None:
    codes = {read_vector(path)["expect"].get("code") for path in vector_files()}
    wanted = {code for code, entry in ERRORS.items() if entry.layer not in ELSEWHERE}
    assert wanted <= codes


def test_both_languages_made_some() -> None:
    vectors = [read_vector(path) for path in vector_files()]
    for operation in ("open-opening", "open-conversation", "accept-directory", "open-keyring", "parse-code"):
        assert {vector["made_by"] for vector in vectors if vector["operation"] == operation} == {
            "javascript",
            "python",
        }


def test_the_vectors_of_python_are_what_their_maker_makes() -> None:
    made = make_all()
    committed = {
        path.relative_to(FOLDER).as_posix()
        for path in [*FOLDER.glob("python-*.json"), *FOLDER.glob("files/python-*")]
    }
    assert set(made) == committed
    for name, data in made.items():
        assert (FOLDER / name).read_bytes() == data, name
