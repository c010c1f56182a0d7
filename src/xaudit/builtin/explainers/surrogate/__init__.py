"""Methods that fit a simple model to the answers on changed images."""
