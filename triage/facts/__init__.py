"""Facts in a caller's words: places, times, people, weapons, injuries, number plates and telephone numbers.

They help the person who takes the call and decide nothing. The public face is `triage.facts.finder.FactFinder`; what it
returns is in `triage.facts.fact`.
"""
