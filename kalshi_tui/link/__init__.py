"""The messages between engine, terminals, commands and plugin hosts; makes no decision about money."""
