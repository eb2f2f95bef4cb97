"""Measurements, each against something real in the same run, printed as a ratio: machines are shared and noisy."""
