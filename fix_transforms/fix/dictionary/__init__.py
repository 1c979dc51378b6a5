"""What the FIX standard says: fields, codes, messages and repeating groups of every version.

Invariant: nothing here is typed by hand; the tables under ``data/`` are generated from the public
dictionaries (see NOTICE), and a user's own dictionary in QuickFIX XML can be laid over them.
"""

from fix_transforms.fix.dictionary.load import (
    DATA_LENGTH_TAGS,
    GROUP_COUNTERS,
    VERSIONS,
    dictionary_of,
    load_dictionary,
    version_of,
)
from fix_transforms.fix.dictionary.model import Dictionary, Field, Group, Layout, Message
from fix_transforms.fix.dictionary.quickfix_xml import read_quickfix_xml

__all__ = [
    "DATA_LENGTH_TAGS",
    "GROUP_COUNTERS",
    "VERSIONS",
    "Dictionary",
    "Field",
    "Group",
    "Layout",
    "Message",
    "dictionary_of",
    "load_dictionary",
    "read_quickfix_xml",
    "version_of",
]
