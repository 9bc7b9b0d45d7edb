"""Runs the engine on recorded tapes under named models; never reaches the network."""
