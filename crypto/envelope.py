"""Sealed envelopes."""
