"""Pure numbers over prices and probabilities; knows neither the wire nor the engine."""
