"""The contract: what must hold, and the faults that must be survived. The folders mirror the code."""
