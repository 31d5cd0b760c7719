"""The paper venue: what a swap would return, what it would cost, and when it would land."""
