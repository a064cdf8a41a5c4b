"""Pure models of what protection is worth and what it takes."""
