"""Turns files, environment and flags into checked settings that remember where each value came from."""
