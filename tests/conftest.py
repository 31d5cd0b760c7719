"""Fixtures that any test may take."""

from tests.chainkit.fixtures import chain_market, deployed_market, new_node

__all__ = ["chain_market", "deployed_market", "new_node"]
