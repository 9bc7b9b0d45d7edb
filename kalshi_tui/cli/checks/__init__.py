"""What `doctor` looks at, one file per kind of thing; each check returns findings and raises nothing expected."""
