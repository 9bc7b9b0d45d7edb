"""What the commands of `kalshi-tui journal` share, and the commands themselves."""
