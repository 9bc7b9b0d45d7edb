"""Everything between what a person wants and what the venue is sent: tickets, gate, journal, orders, portfolio, kill.

All of it is synchronous and pure: the kernel gives it inputs and times, and it says what is to be written, sent, asked.
"""
