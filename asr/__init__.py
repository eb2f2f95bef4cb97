"""From sound to words: recogniser interface, Vosk engine, decode pool, end of speech, models."""
