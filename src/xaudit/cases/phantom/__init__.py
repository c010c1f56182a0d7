"""The built-in phantom study: simulated chest CT with tumours, readers and planted shortcuts."""
