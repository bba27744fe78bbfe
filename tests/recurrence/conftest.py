"""
Lets the tests of this folder import `brute` and `fuzz`, which are also scripts.
"""

import sys
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parent))
