"""Methods that follow the gradient back to the pixels."""
