"""
Scale the pictures of handwritten digits that scikit-learn ships.
"""

import os
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


digits = load_digits()
pictures = digits.data / digits.data.max()
np.savez(Path(os.environ["SCHEDKIT_OUTPUT"], "digits.npz"), x=pictures, y=digits.target)
print(f"{len(pictures)} pictures of {pictures.shape[1]} points")
