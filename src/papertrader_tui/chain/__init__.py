"""The node side: what chains say, read through several nodes of each. web3 loads on first use."""
