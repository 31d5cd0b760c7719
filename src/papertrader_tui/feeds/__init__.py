"""Price sources: the embedded demo market and recorded tapes."""
