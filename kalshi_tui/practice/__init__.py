"""An exchange on your desk that speaks Kalshi's protocol; it shares only units with the client that it proves."""
