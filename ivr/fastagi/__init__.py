"""FastAGI: one session a call, each on a thread of its own. pyst2 lives here and nowhere else."""
