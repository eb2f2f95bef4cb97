"""What is kept of a call: the event feed, the call's record made from it, and the spool for bad days."""
