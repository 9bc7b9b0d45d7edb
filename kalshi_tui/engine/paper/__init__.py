"""Paper trading: a venue that fills our orders against live books by named models, with no way to the real one.

All of it is synchronous and pure: it is given books, trades, markets and times, and answers as the venue would.
"""
