"""`python -m asr evaluate`: how well a model hears recordings whose words are known."""
