"""Values and rules of the trade; knows no clock, chance, network, disk or log."""
