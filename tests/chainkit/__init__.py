"""A market of real contracts on a local node, for tests.

The node is anvil, the contracts are Uniswap's own (V2, V3) and small ones of ours, all fetched by
npm into a cache outside the tree. A test takes the fixture and has the chain to itself; what it
did is undone after it::

    def test_a_swap(chain_market: ChainMarket) -> None:
        route = chain_market.route("usdc", "v3 usdc/weth 500")  # or more pools of one kind
        quoted = chain_market.quote(route, 10**9)  # the contract's own quoter
        trade = chain_market.rehearse(route, 10**9)  # done, and taken back
        assert trade.amount_out == quoted
        chain_market.trade(route, 10**9)  # done: mines a block, 12 s after the last
        chain_market.node.mine(3)

For a program under test there are `chain_market.rpc_url` (127.0.0.1, chain id 31337) and
`chain_market.addresses`: `weth`, `usdc`, `factory_v2`, `router_v2`, `factory_v3`, `router_v3`,
`quoter_v3`, `positions_v3`, `multicall3`, `l1_block`, `feeds["eth/usd"]` (`usdc/usd`, `btc/usd`,
`sequencer`), `tokens["gem"]` and so on. `set_feed` and `set_feed_round` say what a feed answers,
`set_l1_prices` what an OP-stack chain says of L1.

Tokens: `weth`, `usdc` (6 decimals), `gem` (18), `sats` (8; trades against USDC only), and the odd
ones, each in a V2 pair with WETH: `taxed` (3 % of a transfer), `trap` (cannot be sold), `maker`
(bytes32 name and symbol), `mute` (no metadata), `hostile` (markup and control characters in its
symbol), `lying` (1,000 decimals). Pools: `chain_market.pools`, keys as `v2 gem/weth` and
`v3 usdc/weth 3000`; fees of 100, 500, 3000 and 10000 for USDC/WETH; see `deploy.py`.

Block times begin at a fixed date, so that nothing depends on the machine's clock. A program that
holds a block's age against it needs `chain_market.node.follow_clock()` first. `node.dump()`,
`node.kill()` and `node.restart()` take the node away and bring it back with what was dumped, on
the same port.
`new_node(chain_id=…, block_time=…)` starts another one, empty; `deploy(node)` fills it.

Where npm or the registry is not there the fixtures skip; PAPERTRADER_REQUIRE_CHAIN=1 makes that a
failure.
"""
