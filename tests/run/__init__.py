"""Runs the parts of the test suite beside each other, and says what each took: `python -m tests.run --help`."""
