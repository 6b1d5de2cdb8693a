"""Data before a model: centring, the level at which each variable varies, what deserves a look.

`center` and `structure` are in the modules of their names.
"""
