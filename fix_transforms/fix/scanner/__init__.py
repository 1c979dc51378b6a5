"""The compiled decoder: regular messages from bytes to typed columns in one pass, without a Python object each.

Invariant: what it takes, it reads exactly as ``framing`` and ``reference`` would; everything that it cannot prove
regular it leaves to them. Only this package imports numba.
"""
