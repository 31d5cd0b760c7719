"""The desk, the loop around it, and what front ends see of it."""
