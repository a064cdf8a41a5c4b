"""The records of one incident's life, and the state machine that they obey."""
