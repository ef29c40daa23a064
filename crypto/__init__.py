"""The protocol of Drempel, spoken by both ends: codes, envelopes, keyrings, directories. PROTOCOL.md specifies it.

Nothing here imports a web framework, a database or `intake`. This file imports nothing either: the service may use
`crypto.wire` and its like, and must not get what opens envelopes along with it.
"""
