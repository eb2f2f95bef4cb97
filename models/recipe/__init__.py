"""Trains the bundled narrow-band Mandarin model from nothing but synthetic speech (see `models/README.md`)."""
