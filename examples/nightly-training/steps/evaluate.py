"""
Score the classifier on what it has not seen: metrics.json and a picture of its mistakes.
"""

import json
import os
from pathlib import Path

import joblib
import matplotlib as mpl
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, f1_score


mpl.use("Agg")
fitted = Path(os.environ["SCHEDKIT_INPUT"], "fit")
output = Path(os.environ["SCHEDKIT_OUTPUT"])

held = np.load(fitted / "held.npz")
guesses = joblib.load(fitted / "model.joblib").predict(held["x"])
metrics = {
    "accuracy": round(accuracy_score(held["y"], guesses), 4),
    "f1_macro": round(f1_score(held["y"], guesses, average="macro"), 4),
    "pictures": len(guesses),
}
(output / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")

display = ConfusionMatrixDisplay.from_predictions(held["y"], guesses, colorbar=False)
display.ax_.set_title(f"Accuracy {metrics['accuracy']:.1%}")
display.figure_.savefig(output / "confusion.png", dpi=120)

for name, value in metrics.items():
    print(f"{name:<10} {value}")
print(f"metrics    {output / 'metrics.json'}")
print(f"picture    {output / 'confusion.png'}")
