"""Pictures from plain values. Nothing here knows what an incident is."""
