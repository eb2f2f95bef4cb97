"""Past calls decided anew: what a change of the rules would change."""
