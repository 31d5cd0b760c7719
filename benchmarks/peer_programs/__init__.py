"""What each peer runs, in an interpreter of its own that has it installed."""
