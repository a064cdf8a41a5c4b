"""Disaster recovery for AI infrastructure: watch, protect, find, bring back, prove."""

__version__ = "0.1.0"
