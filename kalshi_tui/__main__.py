"""Lets `python -m kalshi_tui` do what the console script does."""

from kalshi_tui.cli.main import main

if __name__ == "__main__":
    main()
