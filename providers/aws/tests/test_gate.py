"""
The gate's state machine: its structure, its permissions, and its runs in moto's interpreter.

moto knows no stopPipelineExecution, ends every run at once, and starts a second run for a token
that it has seen. `Sagemaker` adds the first and mends the second; of the third the token is
asserted. A wait takes no time here; a test says what happens meanwhile.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import cache
from types import SimpleNamespace

import boto3
import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from moto import mock_aws
from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)

from schedkit.plan import Ref
from schedkit_aws import gate


ACCOUNT, REGION = "123456789012", "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/gate"
TOKEN = "nightly-0123456789abcdef01234567-2026-11-22T03:00:00Z"
LATER = TOKEN.replace("03:00", "04:00")
PARAMETERS = [
    {"Name": "ScheduledTime", "Value": "2026-11-22T03:00:00Z"},
    {"Name": "Schedule", "Value": "nightly"},
]
OVERLAPS = ("allow", "forbid", "queue", "replace")
TIMEOUTS = (None, 7200)
ALL = [(overlap, timeout) for overlap in OVERLAPS for timeout in TIMEOUTS]
EVERY = pytest.mark.parametrize(("overlap", "timeout"), ALL)
NAMED = ("List", "Start")
SECONDS = 60  # until a gate that does not end fails its test


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

    def test_definitions_share_nothing_that_changes(self):
        """Two calls give equal documents."""
        assert gate.definition("p", "queue", 60) == gate.definition("p", "queue", 60)

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


@cache
def client(service):
    """
    One client for all calls: to make one reads megabytes, and this one checks what it is given.
    """
    secret = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, region_name=REGION, **secret)


class Sagemaker:
    """
    moto's SageMaker, whose runs go on: a run that is told to stop is Stopped a look later.

    Attributes:
        waits: The seconds of every wait of every gate.
        meanwhile: What happens during the next waits, one call each.
        fails: Names of methods of moto's SageMaker whose next call fails.
        stopped: ARN and token of every stop.
    """

    def __init__(self, monkeypatch):
        self.waits, self.meanwhile, self.fails, self.stopped = [], [], [], []
        self.retries = []
        self.gates = 0
        self.client, self.machines = client("sagemaker"), client("stepfunctions")
        self.client.create_pipeline(
            PipelineName="train",
            PipelineDefinition="{}",
            RoleArn=ROLE,
            ClientRequestToken="t" * 32,
        )
        monkeypatch.setattr(state_task_service_aws_sdk, "boto_client_for", lambda **_: self.client)
        patience = SimpleNamespace(sleep=self.retries.append)
        monkeypatch.setattr(retrier_decl, "time", patience)
        monkeypatch.setattr(WaitFunction, "_wait_interval", self._waiting())
        for name, method in (
            ("start_pipeline_execution", self._start),
            ("list_pipeline_executions", self._list),
            ("stop_pipeline_execution", self._stop),
        ):
            before = getattr(SageMakerResponse, name, None)
            double = self._double(name, method, before)
            monkeypatch.setattr(SageMakerResponse, name, double, raising=False)

    def _double(self, name, method, before):
        def call(response):
            if name in self.fails:
                self.fails.remove(name)
                raise ValidationError("Rate exceeded")
            return method(response, before)

        return call

    def _waiting(self):
        def wait(_, env, wait_seconds):
            self.waits.append(wait_seconds)
            if self.meanwhile:
                self.meanwhile.pop(0)()

        return wait

    def _start(self, response, before):
        made = before(response)
        self.become("Executing", -1)
        return made

    def _list(self, response, before):
        found = before(response)
        for run in self.runs:
            if run.pipeline_execution_status == "Stopping":
                run.pipeline_execution_status = "Stopped"
        return found

    def _stop(self, response, _):
        arn = response._get_param("PipelineExecutionArn")
        self.stopped.append((arn, response._get_param("ClientRequestToken")))
        (run,) = (run for run in self.runs if run.arn == arn)
        run.pipeline_execution_status = "Stopping"
        return ActionResult({"PipelineExecutionArn": arn})

    @property
    def runs(self):
        pipeline = sagemaker_backends[ACCOUNT][REGION].pipelines["train"]
        return list(pipeline.pipeline_executions.values())

    @property
    def statuses(self):
        return [run.pipeline_execution_status for run in self.runs]

    def become(self, status, number=0):
        self.runs[number].pipeline_execution_status = status

    def run(self, overlap, timeout=None, token=TOKEN):
        """
        A gate from start to end: its status, or the error it failed with, and the states entered.
        """
        self.gates += 1
        made = self.machines.create_state_machine(
            name=f"gate-{self.gates}",
            definition=json.dumps(gate.definition("train", overlap, timeout)),
            roleArn=ROLE,
        )
        started = self.machines.start_execution(
            stateMachineArn=made["stateMachineArn"],
            input=json.dumps({"token": token, "parameters": PARAMETERS}),
        )
        end = self._end(started["executionArn"])
        history = self.machines.get_execution_history(executionArn=started["executionArn"])
        entered = [
            event["stateEnteredEventDetails"]["name"]
            for event in history["events"]
            if event["type"].endswith("StateEntered")
        ]
        return end.get("error", end["status"]), entered

    def _end(self, execution):
        last = time.monotonic() + SECONDS
        while time.monotonic() < last:
            found = self.machines.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.02)
        pytest.fail(f"no end after {SECONDS} s; runs: {self.statuses}")


@pytest.fixture
def sagemaker(monkeypatch):
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield Sagemaker(monkeypatch)


class TestRuns:
    """
    Gates in moto's interpreter, against moto's SageMaker.
    """

    @pytest.mark.parametrize("overlap", OVERLAPS)
    def test_idle_starts_one_run(self, sagemaker, overlap):
        """With no run under way, one run starts, with the tick's token and parameters."""
        status, entered = sagemaker.run(overlap)
        (run,) = sagemaker.runs
        assert ("SUCCEEDED", "Start") == (status, entered[-1])
        assert (TOKEN, TOKEN) == (run.client_request_token, run.pipeline_execution_description)
        assert PARAMETERS == run.pipeline_parameters
        assert [] == sagemaker.waits

    @pytest.mark.parametrize("ended", ["Succeeded", "Failed", "Stopped", "CompletedWithFailures"])
    def test_an_ended_run_is_no_hindrance(self, sagemaker, ended):
        """A run that ended, however it did, lets the next one start."""
        sagemaker.run("allow")
        sagemaker.become(ended)
        assert ("SUCCEEDED", ["List", "Busy", "Start"]) == sagemaker.run("forbid", token=LATER)
        assert [ended, "Executing"] == sagemaker.statuses
        assert LATER == sagemaker.runs[1].client_request_token

    def test_allow_starts_beside_a_run(self, sagemaker):
        """Overlap allow asks for no list."""
        sagemaker.run("allow")
        assert ("SUCCEEDED", ["Start"]) == sagemaker.run("allow", token=LATER)
        assert ["Executing", "Executing"] == sagemaker.statuses

    @pytest.mark.parametrize("busy", ["Executing", "Stopping"])
    def test_forbid_skips(self, sagemaker, busy):
        """While a run goes on or stops, forbid starts none and the gate succeeds."""
        sagemaker.run("allow")
        sagemaker.become(busy)
        assert ("SUCCEEDED", ["List", "Busy", "Done"]) == sagemaker.run("forbid", token=LATER)
        assert 1 == len(sagemaker.runs)

    def test_queue_waits_then_starts(self, sagemaker):
        """Queue looks every minute, and starts when the earlier run has ended."""
        sagemaker.run("allow")
        sagemaker.meanwhile = [lambda: None, lambda: sagemaker.become("Succeeded")]
        status, entered = sagemaker.run("queue", token=LATER)
        again = ["Wait", "Count", "List", "Busy"]
        assert ("SUCCEEDED", [60, 60]) == (status, sagemaker.waits)
        assert ["Begin", "List", "Busy", *again, *again, "Start"] == entered
        assert ["Succeeded", "Executing"] == sagemaker.statuses

    def test_a_queue_is_one(self, sagemaker):
        """A gate that finds the place taken again waits again."""
        sagemaker.run("allow")

        def overtake():
            sagemaker.become("Succeeded")
            sagemaker.run("forbid", token=f"{TOKEN}-overtakes")

        sagemaker.meanwhile = [overtake, lambda: sagemaker.become("Failed", 1)]
        assert "SUCCEEDED" == sagemaker.run("queue", token=LATER)[0]
        assert [60, 60] == sagemaker.waits
        assert ["Succeeded", "Failed", "Executing"] == sagemaker.statuses

    def test_queue_gives_up(self, sagemaker, monkeypatch):
        """After its last wait a gate fails by name, and starts nothing."""
        monkeypatch.setitem(gate.WAITS, "queue", (60, 2))
        sagemaker.run("allow")
        error, entered = sagemaker.run("queue", token=LATER)
        assert ("schedkit.StillBusy", "GiveUp") == (error, entered[-1])
        assert [60, 60] == sagemaker.waits
        assert ["Executing"] == sagemaker.statuses

    def test_replace_stops_then_starts(self, sagemaker):
        """Replace stops what goes on, waits for its end, and starts."""
        sagemaker.run("allow")
        status, entered = sagemaker.run("replace", token=LATER)
        look, wait = ["List", "Busy"], ["Wait", "Count"]
        stop = ["Replace", "StopEarlier"]
        assert "SUCCEEDED" == status
        assert ["Begin", *look, *stop, *wait, *look, *wait, *look, "Start"] == entered
        assert [15, 15] == sagemaker.waits
        assert ["Stopped", "Executing"] == sagemaker.statuses
        assert LATER == sagemaker.runs[1].client_request_token

    def test_replace_stops_only_what_goes_on(self, sagemaker):
        """Of several runs those that execute are asked to stop, each with a token of its own."""
        for number in range(3):
            sagemaker.run("allow", token=f"{TOKEN}-{number}")
        sagemaker.become("Failed", 1)
        sagemaker.run("replace", token=LATER)
        assert ["Stopped", "Failed", "Stopped", "Executing"] == sagemaker.statuses
        arns = [sagemaker.runs[0].arn, sagemaker.runs[2].arn]
        assert arns == [arn for arn, _ in sagemaker.stopped]
        assert 2 == len({token for _, token in sagemaker.stopped})

    def test_a_failing_stop_costs_a_look(self, sagemaker):
        """A run that ends while it is told to stop does not keep the new one from starting."""
        sagemaker.run("allow")
        sagemaker.fails = ["stop_pipeline_execution"] * 5
        sagemaker.meanwhile = [lambda: sagemaker.become("Succeeded")]
        assert "SUCCEEDED" == sagemaker.run("replace", token=LATER)[0]
        assert ([2, 4, 8, 16], [15]) == (sagemaker.retries, sagemaker.waits)
        assert ["Succeeded", "Executing"] == sagemaker.statuses

    @pytest.mark.parametrize("call", ["list_pipeline_executions", "start_pipeline_execution"])
    def test_a_failing_call_is_asked_again(self, sagemaker, call):
        """Four failures are borne; the run starts once, with its token."""
        sagemaker.fails = [call] * 4
        assert ("SUCCEEDED", ["List", "Busy", "Start"]) == sagemaker.run("forbid")
        assert ([2, 4, 8, 16], ["Executing"]) == (sagemaker.retries, sagemaker.statuses)
        assert TOKEN == sagemaker.runs[0].client_request_token

    def test_a_call_that_goes_on_failing_fails_the_gate(self, sagemaker):
        """The fifth failure ends the gate, and no run starts."""
        sagemaker.fails = ["start_pipeline_execution"] * 5
        error, entered = sagemaker.run("allow")
        assert "SUCCEEDED" != error
        assert (["Start"], [2, 4, 8, 16], []) == (entered, sagemaker.retries, sagemaker.runs)

    @pytest.mark.parametrize("overlap", ["forbid", "queue", "replace"])
    @pytest.mark.parametrize("status", ["Executing", "Stopped"])
    def test_a_tick_delivered_twice_runs_once(self, sagemaker, overlap, status):
        """A gate that finds a run of its own token leaves it alone, whatever became of it."""
        sagemaker.run(overlap)
        sagemaker.become(status)
        ended, entered = sagemaker.run(overlap)
        assert ("SUCCEEDED", "Done") == (ended, entered[-1])
        assert ([status], []) == (sagemaker.statuses, sagemaker.stopped)

    def test_allow_leaves_a_second_delivery_to_the_token(self, sagemaker):
        """Two gates of one tick ask with one token, for which SageMaker starts one run."""
        sagemaker.run("allow")
        sagemaker.run("allow")
        assert [TOKEN, TOKEN] == [run.client_request_token for run in sagemaker.runs]


class TestTimeout:
    """
    A gate that watches its run.
    """

    @pytest.mark.parametrize("overlap", OVERLAPS)
    def test_a_run_that_goes_on_is_stopped(self, sagemaker, overlap):
        """After the time, and not before, the run is asked to stop."""
        before = []
        sagemaker.meanwhile = [lambda: before.append((sagemaker.statuses, sagemaker.stopped[:]))]
        status, entered = sagemaker.run(overlap, 7200)
        assert ("SUCCEEDED", [7200]) == (status, sagemaker.waits)
        assert [(["Executing"], [])] == before
        assert ["Start", "Watch", "Look", "Running", "Stop"] == entered[-5:]
        assert ["Stopping"] == sagemaker.statuses
        assert [sagemaker.runs[0].arn] == [arn for arn, _ in sagemaker.stopped]

    @pytest.mark.parametrize("ended", ["Succeeded", "Failed", "Stopped", "Stopping"])
    def test_a_run_that_ended_is_not_touched(self, sagemaker, ended):
        """The gate ends well and asks for nothing."""
        sagemaker.meanwhile = [lambda: sagemaker.become(ended)]
        status, entered = sagemaker.run("allow", 7200)
        assert ("SUCCEEDED", ["Start", "Watch", "Look", "Running", "Done"]) == (status, entered)
        assert ([ended], []) == (sagemaker.statuses, sagemaker.stopped)

    def test_a_queued_run_has_its_whole_time(self, sagemaker):
        """The watch begins when the run starts, not when its gate does."""
        sagemaker.run("allow")
        sagemaker.meanwhile = [lambda: sagemaker.become("Succeeded")]
        status, entered = sagemaker.run("queue", 7200, LATER)
        assert ("SUCCEEDED", [60, 7200]) == (status, sagemaker.waits)
        assert ["Start", "Watch", "Look", "Running", "Stop"] == entered[-5:]
        assert ["Succeeded", "Stopping"] == sagemaker.statuses

    def test_a_stop_that_goes_on_failing_fails_the_gate(self, sagemaker):
        """A run that cannot be stopped does not go on in silence."""
        sagemaker.fails = ["stop_pipeline_execution"] * 5
        error, entered = sagemaker.run("allow", 7200)
        assert "SUCCEEDED" != error
        assert ("Stop", ["Executing"]) == (entered[-1], sagemaker.statuses)

    def test_asking_twice_is_asking_once(self, sagemaker):
        """Two gates that stop one run do so with one token, of a length SageMaker takes."""
        sagemaker.run("allow", 7200)
        sagemaker.become("Executing")
        sagemaker.run("replace", token=LATER)
        (first, token), (second, same) = sagemaker.stopped
        assert (first, token) == (second, same)
        assert 32 <= len(token) <= 128

    def test_two_gates_of_one_tick_start_with_one_token(self, sagemaker):
        """Delivered twice, both gates ask with the same token and parameters."""
        for _ in range(2):
            assert "SUCCEEDED" == sagemaker.run("allow", 7200)[0]
        first, second = sagemaker.runs
        assert (TOKEN, TOKEN) == (first.client_request_token, second.client_request_token)
        assert first.pipeline_parameters == second.pipeline_parameters == PARAMETERS
