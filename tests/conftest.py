"""What holds for all tests."""

from hypothesis import settings

# No example fails for being slow: machines are shared, and speed is bench/'s business.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
