"""What is protected, and what is promised about it."""
