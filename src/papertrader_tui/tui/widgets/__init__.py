"""One widget a file: data goes down by method calls, messages come up."""
