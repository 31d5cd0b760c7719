"""The intelligence engine: indicators, factors, scores, rules, sizes and exits. Pure."""
