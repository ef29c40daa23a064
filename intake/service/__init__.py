"""The blind server: it stores envelopes durably, serves them and deletes them on time.

It can't open an envelope, and an import contract in pyproject.toml keeps it so.
"""
