"""Drills: the whole engine against the practice exchange in memory, with one fault each, on a virtual clock."""
