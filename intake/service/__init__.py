"""The blind server: takes envelopes, makes them durable, gives them back, forgets them on time.

It cannot open what it stores, and an import contract in pyproject.toml keeps it so.
"""
