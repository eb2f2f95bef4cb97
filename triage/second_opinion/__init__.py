"""A small linear model beside the rules, trained on sentences written for it: it may doubt, and it may agree.

The rules are the backbone and are whole without it. It may turn a call towards police; it may free a call only where no
police evidence stands, a livelihood rule agrees and the policy's cost rule is passed.
"""
