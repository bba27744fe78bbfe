"""
moto's SageMaker and Step Functions, as a gate meets them.

moto knows no stopPipelineExecution, ends every run at once, and starts a second run for a token
that it has seen. `Sagemaker` adds the first and mends the second; of the third the tests assert
the token. A wait takes no time here; a test says what happens meanwhile.
"""

from __future__ import annotations

import json
import time
from functools import cache
from types import SimpleNamespace

import boto3
import pytest
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

from schedkit_aws import gate


ACCOUNT, REGION = "123456789012", "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/gate"
TOKEN = "nightly-0123456789abcdef01234567-2026-11-22T03:00:00Z"
PARAMETERS = [
    {"Name": "ScheduledTime", "Value": "2026-11-22T03:00:00Z"},
    {"Name": "Schedule", "Value": "nightly"},
]
SECONDS = 60  # until a gate that does not end fails its test


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
