"""What can be done with a repository: one file a verb."""
