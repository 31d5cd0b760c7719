"""Fixtures that any test may take."""

import os

from hypothesis import settings

from tests.chainkit.fixtures import chain_market, deployed_market, new_node

__all__ = ["chain_market", "deployed_market", "new_node"]

# no test looks for nodes outside of this machine; those of chains name their own
os.environ.setdefault("PAPERTRADER_ONCHAIN_ON", "false")

# how long an example takes says nothing on a machine that does other things as well
settings.register_profile("papertrader", deadline=None)
settings.load_profile("papertrader")
