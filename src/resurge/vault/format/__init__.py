"""Bytes ↔ records: what every object looks like. No I/O. Specified in docs/format.md."""
