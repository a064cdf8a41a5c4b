"""Rehearse a recovery in a safe place and score it against the promise."""
