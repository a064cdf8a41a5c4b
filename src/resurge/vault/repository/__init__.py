"""What is read and written in which order, so that whatever is interrupted, the repository is whole."""
