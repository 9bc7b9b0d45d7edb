"""One small file per command; the only place where objects meet."""
