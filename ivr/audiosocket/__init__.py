"""AudioSocket: the caller's voice in, prompts out, one TCP connection a call (Asterisk is the client)."""
