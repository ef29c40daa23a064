"""The blind server, as its contract with clients reads."""
