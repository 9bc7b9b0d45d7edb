"""The speed measurements behind `kalshi-tui bench`: medians of five rounds beside their targets."""
