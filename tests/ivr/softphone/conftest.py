"""What the tests with a real Asterisk need."""

from tests.asterisk_instance import asterisk_factory, asterisk_install, reachable_tmp

__all__ = ["asterisk_factory", "asterisk_install", "reachable_tmp"]
