"""Evidence for people: what broke, what was promised, what was measured, and what it took."""
