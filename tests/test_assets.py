"""The pages are found wherever the code is."""

from intake.assets import static_folder
from tests.project import ROOT


def test_a_checkout_serves_its_own_pages() -> None:
    assert static_folder() == ROOT / "static"
