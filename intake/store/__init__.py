"""Where the service keeps its envelopes: one small interface, and SQLite behind it."""
