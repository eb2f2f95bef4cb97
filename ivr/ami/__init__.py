"""AMI: what happens to calls in the queues, and actions on them. asterisk-ami lives here and nowhere else.

Nothing here is needed to answer or to route a call.
"""
