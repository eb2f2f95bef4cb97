"""The telephone: from the INVITE to the queue. See docs/ and the README for the way of a call."""
