"""Fixtures that any test may take."""

from hypothesis import settings

from tests.chainkit.fixtures import chain_market, deployed_market, new_node

__all__ = ["chain_market", "deployed_market", "new_node"]

# how long an example takes says nothing on a machine that does other things as well
settings.register_profile("papertrader", deadline=None)
settings.load_profile("papertrader")
