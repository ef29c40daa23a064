"""A real small disk that is really full: what makes room can still be done, and nothing confirmed is lost."""

from pathlib import Path

import pytest

from tests.store.kit.full_disk import SIZES, STORIES
from tests.store.kit.small_disk import run_on_small_disk


@pytest.mark.parametrize("story", STORIES)
def test_nothing_is_lost_and_room_can_be_made_again(tmp_path: Path, story: str) -> None:
    size = SIZES.get(story, 160)
    ran = run_on_small_disk(tmp_path, size, "-m", "tests.store.kit.full_disk", str(tmp_path / "data"), story)
    assert ran.returncode == 0, ran.stderr.decode()
