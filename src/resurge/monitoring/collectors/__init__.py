"""What looks at the estate, one kind of look a file."""
