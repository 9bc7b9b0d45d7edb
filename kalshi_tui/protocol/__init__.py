"""Kalshi's protocol as pure state machines: bytes and times in, events and bytes out; opens no socket."""
