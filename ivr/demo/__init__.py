"""The demonstration: one spoken call of each kind, through the real Asterisk, and where each went."""
