"""What the estate promises to keep: sources into the vault, verdicts, recovery points, retention."""
