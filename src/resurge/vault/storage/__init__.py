"""Where objects are kept: a small protocol, and the stores that speak it."""
