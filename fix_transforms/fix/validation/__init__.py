"""Whether a message is what its FIX version says: reason codes, in the order of the message.

Invariant: ``validate`` is a function of its arguments, never raises for what is in a message, and gives codes that
hold tags only, never values. A valid message has none.
"""

from fix_transforms.fix.validation.codes import CODES, Code, code_text
from fix_transforms.fix.validation.rules import validate

__all__ = ["CODES", "Code", "code_text", "validate"]
