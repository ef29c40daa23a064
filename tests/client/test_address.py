"""What a person types as an address, and what it means for the way there."""

import pytest

from intake.client.address import read_address


@pytest.mark.parametrize(
    ("host", "overheard"),
    [
        ("https://report.example.org", False),
        ("http://report.example.org", True),
        ("http://report.example.org:8080", True),
        ("http://onion.example.org", True),
        ("http://abcdefghij234567.onion", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://localhost", False),
    ],
)
def test_plain_http_is_overheard_unless_it_stays_here_or_goes_to_an_onion(host: str, overheard: bool) -> None:
    assert read_address(f"{host}/demo/").is_overheard is overheard
