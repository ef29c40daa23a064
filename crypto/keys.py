"""Keys derived from a code."""
