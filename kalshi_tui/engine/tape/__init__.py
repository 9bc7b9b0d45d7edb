"""The tape's form and what is made of it, without IO: adapters.tape_files reads and writes the files."""
