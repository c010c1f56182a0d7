"""Draw overlays, outlines, forest plots and region bars."""
