"""Areas of the reliance map: the tests that show them, and the figures that gates use."""
