"""Looking at data before a model: centring, the level of each variable, what deserves a look.

`center` and `structure` are in the modules of their names.
"""
