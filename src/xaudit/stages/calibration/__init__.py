"""Known evidence planted into an audit's own images, and how often the audit says the truth about it."""
