"""What fills the terminal or lies above the desk: help, a market's details, notices, the question at the end."""
