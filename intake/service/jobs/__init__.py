"""The service's background jobs."""
