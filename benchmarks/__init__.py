"""Benchmarks of papertrader: `make bench`."""
