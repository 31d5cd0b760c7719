"""The terminal front end. It is handed a `ports.Desk` and knows nothing of what is behind it."""
