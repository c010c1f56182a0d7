"""Networks trained on planted shortcuts, their truth at the source, their audit, and other methods on the same networks."""
