"""What `kalshi-tui tape` does, a file for each of its commands."""
