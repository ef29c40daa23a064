"""Support code of the service's tests."""
