"""One session of orders that is played twice, on paper and at an exchange, and what the two came to."""
