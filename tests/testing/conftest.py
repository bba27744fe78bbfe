from __future__ import annotations

import sys
from pathlib import Path


# The suite compiles toys in other processes too, so they need a module that can be imported.
sys.path.append(str(Path(__file__).parent))
