"""The compiled decoder: regular messages from bytes to typed columns in one pass, without a Python object each.

Invariant: what it takes, it reads exactly as ``framing`` and ``reference`` would; everything that it cannot prove
regular it leaves to them. Only this package imports numba.
"""

from typing import Final

#: The longest body and the most fields of a message that is read here; larger ones are the reference's.
MESSAGE_BYTES: Final = 1024 * 1024
FIELDS: Final = 4_096
