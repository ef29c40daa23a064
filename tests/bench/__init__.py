"""The numbers we promise, measured: `python -m tests.bench`."""
