"""Exact pool arithmetic: what a pool's contract would have paid, to the smallest unit.

Integers only, pure. Amounts are raw units of a token (wei), token0 and token1 are ordered as in
the pool, `zero_for_one` means that token0 goes in, fees are in millionths (ppm) of the amount in.
Written from the papers and the published interfaces; docs/execution.md names every source.
"""
