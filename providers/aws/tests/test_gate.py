"""
The gate's state machine as it is written: its structure, its limits, its permissions.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from schedkit.plan import Ref
from schedkit_aws import gate


REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/gate"
ALL = [
    (overlap, timeout)
    for overlap in ("allow", "forbid", "queue", "replace")
    for timeout in (None, 7200)
]
EVERY = pytest.mark.parametrize(("overlap", "timeout"), ALL)
NAMED = ("List", "Start")


def inner(state):
    return state["ItemProcessor"] if state["Type"] == "Map" else None


def machines(document):
    """
    The machine and those inside its Map states.
    """
    within = [inner(state) for state in document["States"].values() if inner(state)]
    return [document, *(found for each in within for found in machines(each))]


def followers(state):
    """
    The names of the states that may come next.
    """
    rules = [*state.get("Choices", ()), *state.get("Catch", ()), state]
    return [rule[key] for rule in rules for key in ("Next", "Default") if key in rule]


def reached(document):
    names, todo = set(), [document["StartAt"]]
    while todo:
        name = todo.pop()
        if name not in names:
            names.add(name)
            todo += followers(document["States"][name])
    return names


def states(document):
    return {name: s for part in machines(document) for name, s in part["States"].items()}


class TestStructure:
    """
    What can be read from the definition alone.
    """

    @EVERY
    def test_every_state_exists_and_is_reached(self, overlap, timeout):
        """Next, Default and Catch name states there are, and no state is left over."""
        document = gate.definition("train", overlap, timeout)
        for machine in machines(document):
            assert set(machine["States"]) == reached(machine)

    @EVERY
    def test_names_are_unique(self, overlap, timeout):
        """A name stands once, inside a Map too."""
        parts = machines(gate.definition("train", overlap, timeout))
        names = Counter(name for part in parts for name in part["States"])
        assert {1} == set(names.values())

    @pytest.mark.parametrize(
        ("overlap", "timeout", "first", "others", "ends"),
        [
            ("allow", None, "Start", "", "Start"),
            ("forbid", None, "List", "Busy Start", "Done Start"),
            ("queue", None, "Begin", "Busy Count List Start Wait", "Done GiveUp Start"),
            ("replace", None, "Begin", "Busy Count List Replace Wait", "Done GiveUp Start"),
            ("allow", 7200, "Start", "Look Running Watch", "Done Stop"),
            ("forbid", 7200, "List", "Busy Look Running Start Watch", "Done Stop"),
            (
                "queue",
                7200,
                "Begin",
                "Busy Count List Look Running Start Wait Watch",
                "Done GiveUp Stop",
            ),
            (
                "replace",
                7200,
                "Begin",
                "Busy Count List Look Replace Running Start Wait Watch",
                "Done GiveUp Stop",
            ),
        ],
    )
    def test_states(self, overlap, timeout, first, others, ends):
        """A gate has the states it needs, and ends in known ones."""
        document = gate.definition("train", overlap, timeout)
        found = {name for name, state in document["States"].items() if not followers(state)}
        assert first == document["StartAt"]
        assert set(ends.split()) == found
        assert {first, *others.split(), *ends.split()} == set(document["States"])

    @EVERY
    def test_permissions_are_the_calls(self, overlap, timeout):
        """The gate may call what its states call, on what they call it with, and nothing else."""
        tasks = [
            state
            for state in states(gate.definition("train", overlap, timeout)).values()
            if state["Type"] == "Task"
        ]
        prefix = "arn:aws:states:::aws-sdk:sagemaker:"
        assert all(task["Resource"].startswith(prefix) for task in tasks)
        calls = {("PipelineName" in t["Parameters"], t["Resource"][len(prefix) :]) for t in tasks}
        on = {
            kind: sorted(
                f"sagemaker:{call[0].upper()}{call[1:]}" for k, call in calls if k is kind
            )
            for kind in (True, False)
        }
        pipeline, runs = gate.actions(overlap, timeout)
        assert (on[True], on[False]) == (sorted(pipeline), sorted(runs))

    def test_most_permissions(self):
        """Replace with a timeout needs all four calls; allow without one needs one."""
        pipeline = ("sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution")
        runs = ("sagemaker:DescribePipelineExecution", "sagemaker:StopPipelineExecution")
        assert (pipeline, runs) == gate.actions("replace", 7200)
        assert (pipeline[1:], ()) == gate.actions("allow", None)

    def test_cfn_lint_finds_nothing(self):
        """The definitions are legal in the published schema of state machines."""
        resources = {
            f"Gate{number}": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": ROLE, "Definition": gate.definition("train", *case)},
            }
            for number, case in enumerate(ALL)
        }
        template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
        config = ManualArgs(include_checks=["I"], regions=[REGION])
        assert [] == lint(json.dumps(template), config=config)

    def test_size(self):
        """The largest gate stays far below the 1 MiB that a definition may have."""
        sizes = [len(json.dumps(gate.definition("train", *case))) for case in ALL]
        assert max(sizes) < 5_000

    def test_pipeline_may_be_a_symbol(self):
        """A reference to the pipeline stands wherever its name is needed, and nowhere else."""
        name = Ref("pipeline", "pipelineName")
        found = states(gate.definition(name, "replace", 7200))
        named = {k: s["Parameters"]["PipelineName"] for k, s in found.items() if k in NAMED}
        assert dict.fromkeys(NAMED, name) == named

    @pytest.mark.parametrize("overlap", ["queue", "replace"])
    def test_history_holds_every_wait(self, overlap):
        """A gate that waits to the end has events left for retries, the watch and the end."""
        seconds, waits = gate.WAITS[overlap]
        per_look = {"List": 5, "Busy": 2, "Wait": 2, "Count": 2}
        if overlap == "replace":
            per_look |= {"Replace": 4, "StopEarlier": 7}
        used = (waits + 1) * sum(per_look.values())
        assert used <= 25_000 - 1_000
        assert {"queue": 36, "replace": 2}[overlap] == seconds * waits / 3600

    @EVERY
    def test_time_limit_cuts_no_wait_and_no_watch(self, overlap, timeout):
        """The machine may last longer than all its waits together."""
        seconds, waits = gate.WAITS.get(overlap, (0, 0))
        limit = gate.definition("train", overlap, timeout)["TimeoutSeconds"]
        assert limit - waits * seconds - (timeout or 0) == 900 + 120 * waits
