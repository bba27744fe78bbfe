"""
Train a classifier of handwritten digits every night: the same program for every backend.
"""

import pulumi

import schedkit as sk


config = pulumi.Config()
image = config.require("image")
small = sk.Resources(cpu=0.5, memory="512Mi")

prepare = sk.Step("prepare", image=image, command=["python", "steps/prepare.py"], resources=small)
fit = sk.Step(
    "fit",
    image=image,
    command=["python", "steps/fit.py"],
    needs=[prepare],
    resources=sk.Resources(cpu=1, memory="1Gi"),
)
evaluate = sk.Step(
    "evaluate",
    image=image,
    command=["python", "steps/evaluate.py"],
    needs=[fit],
    resources=small,
)
training = sk.Pipeline(
    "training",
    steps=[prepare, fit, evaluate],
    parameters={"holdout": 0.25, "strength": 0.01},
    overlap="forbid",
    timeout="2h",
)
night = sk.Cron("0 1 * * *", timezone="Europe/Berlin")
every = config.get("every")
when = sk.Every(every, anchor="2026-01-01T00:00:00Z") if every else night
nightly = sk.Schedule("nightly", training, when)

pulumi.export("schedule", nightly.schedule_id)
