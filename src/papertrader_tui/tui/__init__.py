"""The terminal front end: the one package that knows Textual."""
