"""Speech of people: read, aligned with its words, spoken again by many pseudo-speakers, and trained on."""
