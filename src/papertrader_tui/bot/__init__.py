"""The auto-trader: watchlist -> fresh price -> decision -> order."""
