from __future__ import annotations

import sys
from pathlib import Path

# The benchmark is a program of its own (``python -m fixbench``), not a part of the installed packages.
sys.path.insert(0, str(Path(__file__).parent))
