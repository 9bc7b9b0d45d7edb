"""A terminal for people who trade Kalshi's binary event contracts."""

__version__ = "0.1.0"
