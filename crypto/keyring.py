"""The keys a recipient holds."""
