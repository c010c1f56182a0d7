"""Commands under ``xaudit data``."""
