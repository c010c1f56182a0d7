"""Properties of a network: its outputs, class order, layers, cost and digest."""
