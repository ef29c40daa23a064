"""The protocol of Drempel, spoken by both ends: codes, envelopes, keyrings, directories. PROTOCOL.md specifies it.

No module imports a web framework, a database or `intake`. This file imports nothing at all: the service uses modules of
`crypto.public`, and must not load `crypto.secret` along with them.
"""
