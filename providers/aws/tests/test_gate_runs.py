"""
Gates that run, in moto's interpreter and against moto's SageMaker.
"""

from __future__ import annotations

import pytest
from gates import PARAMETERS, TOKEN, Sagemaker
from moto import mock_aws

from schedkit_aws import gate


LATER = TOKEN.replace("03:00", "04:00")
OVERLAPS = ("allow", "forbid", "queue", "replace")


@pytest.fixture
def sagemaker(monkeypatch):
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield Sagemaker(monkeypatch)


class TestRuns:
    """
    Gates that start, skip, wait and replace.
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
        assert sorted(arns) == sorted(arn for arn, _ in sagemaker.stopped)  # a Map runs at once
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
