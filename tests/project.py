"""Where the tests find the project they are about."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
