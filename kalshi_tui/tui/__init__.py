"""The terminal: shows views and asks by intents; cannot send an order."""
