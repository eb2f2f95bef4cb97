"""How well the rules decide a set of labelled sentences."""
