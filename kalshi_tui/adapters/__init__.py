"""Thin shells around sockets, files, clocks and key stores; they translate and decide nothing."""
