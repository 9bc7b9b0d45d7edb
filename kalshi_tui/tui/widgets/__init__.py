"""What the panes draw with."""
