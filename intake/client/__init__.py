"""Talks to a service over its wire, for reporters and recipients. Knows nothing of how the service is built."""
