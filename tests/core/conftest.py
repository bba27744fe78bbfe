"""
Lets the tests of this folder, and the programs they run, import `toycloud`.
"""

import sys
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parent))
