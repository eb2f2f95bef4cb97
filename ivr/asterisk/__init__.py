"""The private Asterisk: found or installed, configured from our settings, run and kept alive."""
