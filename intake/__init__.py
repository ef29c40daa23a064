"""The intake service, the clients that talk to it, and the command line. The protocol itself is in `crypto`."""
