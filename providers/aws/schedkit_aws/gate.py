"""
The gate: a Step Functions state machine that decides whether, when and how long a run goes on.

SageMaker knows neither overlapping runs nor a timeout of a whole run. A gate is started with
`{"token": "...", "parameters": [{"Name": "...", "Value": "..."}]}` and starts at most one run. The
token becomes the run's description, so that a tick delivered twice finds its run and leaves it.
The machine is a standard one: an express one ends after five minutes.

What it does not promise: two gates that list at the same instant both start, unless they carry the
same token. Queued runs start in no fixed order. Of all runs it sees the newest 50, whoever started
them.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from typing import Final, TypeAlias


State: TypeAlias = dict[str, object]

_SDK: Final = "arn:aws:states:::aws-sdk:sagemaker:"

# Seconds of a wait, and after how many a gate gives up: 36 hours, 2 hours. A wait costs 11 events
# (List 5, Busy, Wait and Count 2 each) and an execution may have 25 000, which is 37.8 hours of
# waits of a minute; 2 160 of them leave 1 240 events for retries (3 each), the watch and the end.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
WAITS: Final = {"queue": (60, 2_160), "replace": (15, 480)}
# Seconds that the calls of a wait, and all the others, may take at most: the time limit of the
# machine ends what hangs, but no wait and no watch.
CALLS, SLACK = 120, 900

_RETRY: Final = [
    {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 2,
        "MaxAttempts": 4,
        "BackoffRate": 2,
    }
]
_SUMMARIES: Final = "$.PipelineExecutionSummaries"
_TOKEN: Final = "$$.Execution.Input.token"  # noqa: S105 - where it stands
_STATUS: Final = f"{_SUMMARIES}[*].PipelineExecutionStatus"
_SEEN: Final = {
    "executing.$": f"States.ArrayContains({_STATUS}, 'Executing')",
    "stopping.$": f"States.ArrayContains({_STATUS}, 'Stopping')",
    "mine.$": f"States.ArrayContains({_SUMMARIES}[*].PipelineExecutionDescription, {_TOKEN})",
}

_BEGIN: Final[State] = {"Type": "Pass", "Result": {"waits": 0}, "Next": "List"}
_COUNT: Final[State] = {
    "Type": "Pass",
    "Parameters": {"waits.$": "States.MathAdd($.waits, 1)"},
    "Next": "List",
}
_MINE: Final[State] = {"Variable": "$.seen.mine", "BooleanEquals": True, "Next": "Done"}
_FREE: Final[State] = {
    "And": [
        {"Variable": "$.seen.executing", "BooleanEquals": False},
        {"Variable": "$.seen.stopping", "BooleanEquals": False},
    ],
    "Next": "Start",
}
_EXECUTING: Final[State] = {
    "Variable": "$.seen.executing",
    "BooleanEquals": True,
    "Next": "Replace",
}
_DONE: Final[State] = {"Type": "Succeed", "OutputPath": None}
_GIVE_UP: Final[State] = {
    "Type": "Fail",
    "Error": "schedkit.StillBusy",
    "Cause": "The earlier run did not end in time; this one was not started.",
}
# One token per run that is to stop: asking again asks for the same.
_STOP: Final[State] = {
    "Type": "Task",
    "Resource": f"{_SDK}stopPipelineExecution",
    "Parameters": {
        "PipelineExecutionArn.$": "$.PipelineExecutionArn",
        "ClientRequestToken.$": (
            "States.Format('schedkit-stop-{}', States.Hash($.PipelineExecutionArn, 'SHA-256'))"
        ),
    },
    "Retry": _RETRY,
    "End": True,
}
# A run that ends meanwhile cannot be stopped; the next look tells.
_REPLACE: Final[State] = {
    "Type": "Map",
    "InputPath": "$.seen.runs[?(@.PipelineExecutionStatus=='Executing')]",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "INLINE"},
        "StartAt": "StopEarlier",
        "States": {"StopEarlier": _STOP},
    },
    "ResultPath": None,
    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Wait"}],
    "Next": "Wait",
}
_LOOK: Final[State] = {
    "Type": "Task",
    "Resource": f"{_SDK}describePipelineExecution",
    "Parameters": {"PipelineExecutionArn.$": "$.PipelineExecutionArn"},
    "ResultSelector": {
        "PipelineExecutionArn.$": "$.PipelineExecutionArn",
        "PipelineExecutionStatus.$": "$.PipelineExecutionStatus",
    },
    "Retry": _RETRY,
    "Next": "Running",
}
_RUNNING: Final[State] = {
    "Type": "Choice",
    "Choices": [
        {"Variable": "$.PipelineExecutionStatus", "StringEquals": "Executing", "Next": "Stop"}
    ],
    "Default": "Done",
}


def definition(pipeline: object, overlap: str, timeout: int | None) -> dict[str, object]:
    """
    The state machine in Amazon States Language, to be handed over in a `Json`.

    Args:
        pipeline: The SageMaker pipeline's name, or a symbol for it.
        overlap: `allow`, `forbid`, `replace` or `queue`.
        timeout: Seconds of a whole run, from its start; None lets it run.
    """
    waiting, waits = WAITS.get(overlap, (0, 0))
    states = _start(pipeline, timeout)
    if overlap != "allow":
        states |= _look(pipeline, overlap)
    if waits:
        states |= _wait(waiting)
    if overlap == "replace":
        states["Replace"] = _REPLACE
    first = next(name for name in ("Begin", "List", "Start") if name in states)
    limit = waits * (waiting + CALLS) + (timeout or 0) + SLACK
    return {"StartAt": first, "TimeoutSeconds": limit, "States": states}


def actions(overlap: str, timeout: int | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    What the gate may do: to the pipeline, and to its runs (`<pipeline ARN>/execution/*`).
    """
    looks = () if overlap == "allow" else ("sagemaker:ListPipelineExecutions",)
    watches = () if timeout is None else ("sagemaker:DescribePipelineExecution",)
    stops = ("sagemaker:StopPipelineExecution",) if watches or overlap == "replace" else ()
    return (*looks, "sagemaker:StartPipelineExecution"), (*watches, *stops)


def _look(pipeline: object, overlap: str) -> State:
    _, waits = WAITS.get(overlap, (0, 0))
    tired = {"Variable": "$.waits", "NumericGreaterThanEquals": waits, "Next": "GiveUp"}
    choices = {
        "forbid": [_MINE, _FREE],
        "queue": [_MINE, _FREE, tired],
        "replace": [_MINE, _FREE, tired, _EXECUTING],
    }
    listing = {
        "Type": "Task",
        "Resource": f"{_SDK}listPipelineExecutions",
        # 50 summaries, with all their texts at their longest, stay below the 256 KiB of a state.
        "Parameters": {
            "PipelineName": pipeline,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
            "MaxResults": 50,
        },
        "ResultSelector": _SEEN | ({"runs.$": _SUMMARIES} if overlap == "replace" else {}),
        "ResultPath": "$.seen",
        "Retry": _RETRY,
        "Next": "Busy",
    }
    otherwise = "Wait" if waits else "Done"
    busy = {"Type": "Choice", "Choices": choices[overlap], "Default": otherwise}
    return {"List": listing, "Busy": busy, "Done": _DONE}


def _wait(seconds: int) -> State:
    wait = {"Type": "Wait", "Seconds": seconds, "Next": "Count"}
    return {"Begin": _BEGIN, "Wait": wait, "Count": _COUNT, "GiveUp": _GIVE_UP}


def _start(pipeline: object, timeout: int | None) -> State:
    start: State = {
        "Type": "Task",
        "Resource": f"{_SDK}startPipelineExecution",
        "Parameters": {
            "PipelineName": pipeline,
            "ClientRequestToken.$": _TOKEN,
            "PipelineExecutionDescription.$": _TOKEN,
            "PipelineParameters.$": "$$.Execution.Input.parameters",
        },
        "Retry": _RETRY,
    }
    if timeout is None:
        return {"Start": {**start, "End": True}}
    return {
        "Start": {**start, "Next": "Watch"},
        "Watch": {"Type": "Wait", "Seconds": timeout, "Next": "Look"},
        "Look": _LOOK,
        "Running": _RUNNING,
        "Stop": _STOP,
        "Done": _DONE,
    }
