"""Records in files that hold no code: which, how they are written, and how they are read back.

Its modules are loaded when a file is written or read; a fit itself needs two small ones.
"""
