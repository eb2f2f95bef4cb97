"""From a decision to people: where the caller is, and what travels with the call to whoever takes it."""
