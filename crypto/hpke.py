"""Hybrid public key encryption."""
