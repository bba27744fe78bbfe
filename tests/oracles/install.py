"""
Install the oracles that are no Python packages: `python install.py FOLDER`.

Says which tool is missing and goes on with the rest.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


SOURCE = Path(__file__).parent
NPM = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
MAVEN = ("mvn", "-q", "-B", "-f", "{source}", "dependency:copy-dependencies")

# What builds each: commands that run in its folder below FOLDER, {source} is its folder here.
STEPS = {
    "robfig": [("go", "build", "-C", "{source}", "-o", "{folder}/oracle", ".")],
    "quartz": [
        (*MAVEN, "-DoutputDirectory={folder}/lib"),
        ("javac", "-cp", "{folder}/lib/*", "-d", "{folder}", "{source}/Ask.java"),
    ],
    "node": [
        ("cp", "{source}/package.json", "{source}/ask.mjs", "{folder}"),
        NPM,
    ],
}


def install(name: str, folder: Path) -> str:
    """
    Why an oracle could not be installed, or "".
    """
    lacking = [step[0] for step in STEPS[name] if not shutil.which(step[0])]
    if lacking:
        return f"not on the PATH: {', '.join(lacking)}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for step in STEPS[name]:
        command = [part.format(source=SOURCE / name, folder=folder) for part in step]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(folder)
            return f"{step[0]} failed: {(done.stderr or done.stdout).strip()[-400:]}"
    return ""


if __name__ == "__main__":
    top = Path(sys.argv[1]).absolute()
    for oracle in STEPS:
        why = install(oracle, top / oracle)
        print(f"{oracle}: {why or 'installed'}", flush=True)
