"""Receipts and access codes."""
