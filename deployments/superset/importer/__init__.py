"""Import of a folder of assets into Superset: all of it, exactly as the files say, or nothing.

``bundle`` reads the files, ``rules`` and ``references`` check them before Superset is asked anything, ``columns``
compares them with what is published, ``store`` imports and prunes in one transaction.
"""
