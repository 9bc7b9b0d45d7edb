"""Composes protocol and ports into a running client; the only holder of keys; imports no adapter and no screen."""
