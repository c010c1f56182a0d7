"""Train a network from scratch, resumable after every epoch."""
