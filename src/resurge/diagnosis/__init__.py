"""Alerts → what kind of fault, where, with what evidence."""
