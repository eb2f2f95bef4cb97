"""From words to a decision: who should hear this caller, and why.

The public face is `triage.engine.Triage`; what it returns is in `triage.decision`.
"""
