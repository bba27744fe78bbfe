"""
Fit a classifier on one part of the pictures, and hand the other part on.
"""

import os
from pathlib import Path

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


output = Path(os.environ["SCHEDKIT_OUTPUT"])
holdout = float(os.environ["SCHEDKIT_PARAMETER_HOLDOUT"])
strength = float(os.environ["SCHEDKIT_PARAMETER_STRENGTH"])

digits = np.load(Path(os.environ["SCHEDKIT_INPUT"], "prepare", "digits.npz"))
x, x_held, y, y_held = train_test_split(
    digits["x"], digits["y"], test_size=holdout, stratify=digits["y"], random_state=0
)
model = LogisticRegression(C=1 / strength, max_iter=1000).fit(x, y)
joblib.dump(model, output / "model.joblib")
np.savez(output / "held.npz", x=x_held, y=y_held)
print(f"fitted on {len(x)} pictures, held {len(x_held)} back")
