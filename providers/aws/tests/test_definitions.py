from __future__ import annotations

import json
import re

import definitions
import pytest


IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ml:1"
RUN = {"Get": "Execution.PipelineExecutionId"}
PREPARED = "Steps.prepare.ProcessingOutputConfig.Outputs['files'].S3Output.S3Uri"
JOB = {
    "AppSpecification": {
        "ImageUri": IMAGE,
        "ContainerEntrypoint": ["python", "-m", "acme"],
        "ContainerArguments": ["--at", {"Get": "Parameters.ScheduledTime"}],
    },
    "Environment": {
        "RUN": RUN,
        "EPOCHS": {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.epochs"}]}},
    },
    "ProcessingResources": {
        "ClusterConfig": {
            "InstanceCount": {"Get": "Parameters.instances"},
            "InstanceType": "ml.m5.large",
            "VolumeSizeInGB": 30,
        }
    },
    "NetworkConfig": {
        "EnableNetworkIsolation": False,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    },
    "RoleArn": "arn:aws:iam::123456789012:role/train-job",
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "Tags": [{"Key": "schedkit", "Value": "train"}],
}
OUT = {
    "OutputName": "files",
    "S3Output": {
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
        "S3Uri": {"Std:Join": {"On": "/", "Values": ["s3://files/train", RUN, "prepare"]}},
    },
}
IN = {
    "InputName": "prepare",
    "S3Input": {
        "LocalPath": "/opt/ml/processing/input/prepare",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3Uri": {"Get": PREPARED},
    },
}
GOOD = {
    "Version": "2020-12-01",
    "Metadata": {},
    "Parameters": [
        {"Name": "ScheduledTime", "Type": "String", "DefaultValue": "none"},
        {"Name": "epochs", "Type": "Integer", "DefaultValue": 3},
        {"Name": "instances", "Type": "Integer", "DefaultValue": 1},
        {"Name": "rate", "Type": "Float", "DefaultValue": 0.5},
        {"Name": "fast", "Type": "Boolean", "DefaultValue": True},
    ],
    "Steps": [
        {
            "Name": "prepare",
            "Type": "Processing",
            "Arguments": {**JOB, "ProcessingOutputConfig": {"Outputs": [OUT]}},
            "RetryPolicies": [{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 3}],
        },
        {
            "Name": "fit",
            "Type": "Processing",
            "DependsOn": ["prepare"],
            "Arguments": {**JOB, "ProcessingInputs": [IN]},
        },
    ],
}
LIKE = "does not match '^[A-Za-z0-9_-]{1,64}$'"
NONE = "is {!r}, none of the {} it may be"
UNEXPECTED = "Additional properties are not allowed ({!r} was unexpected)"
LACKING = object()
TWICE = ["fit", "fit"]
JOIN = "Std:Join"
NAME_OF_PIPELINE = {"Get": "Execution.PipelineName"}

# Where it stands, what stands there, and what is wrong then.
SHAPES = [
    ("Version", "2020-12-02", "$.Version: '2020-12-01' was expected"),
    ("Step", [], "$: " + UNEXPECTED.format("Step")),
    ("Steps", [], "$.Steps: [] should be non-empty"),
    ("Steps.0.Name", LACKING, "$.Steps[0]: 'Name' is a required property"),
    ("Steps.0.Name", "pre.pare", f"$.Steps[0].Name: 'pre.pare' {LIKE}"),
    ("Steps.0.Name", "p" * 65, f"$.Steps[0].Name: {'p' * 65!r} {LIKE}"),
    ("Steps.0.Type", "Procesing", "$.Steps[0].Type: 'Processing' was expected"),
    ("Steps.0.Type", "Training", "$.Steps[0].Type: 'Processing' was expected"),
    ("Steps.0.DependOn", ["fit"], "$.Steps[0]: " + UNEXPECTED.format("DependOn")),
    ("Steps.0.DependsOn", "fit", "$.Steps[0].DependsOn: 'fit' is not of type 'array'"),
    ("Steps.0.DependsOn", [], "$.Steps[0].DependsOn: [] should be non-empty"),
    ("Steps.0.DependsOn", TWICE, f"$.Steps[0].DependsOn: {TWICE} has non-unique elements"),
    ("Steps.0.DisplayName", "a b", f"$.Steps[0].DisplayName: 'a b' {LIKE}"),
    ("Steps.0.Description", "d" * 3073, f"$.Steps[0].Description: {'d' * 3073!r} is too long"),
    (
        "Steps.0.RetryPolicies.0.MaxAttempts",
        21,
        "$.Steps[0].RetryPolicies[0].MaxAttempts: 21 is greater than the maximum of 20",
    ),
    (
        "Steps.0.RetryPolicies.0.ExceptionType",
        "Step.THROTTLING",
        "$.Steps[0].RetryPolicies[0].ExceptionType: 'Step.THROTTLING' is not of type 'array'",
    ),
    (
        "Parameters.1.DefaultValue",
        LACKING,
        "$.Parameters[1]: 'DefaultValue' is a required property",
    ),
    (
        "Parameters.1.DefaultValue",
        "3",
        "$.Parameters[1].DefaultValue: '3' is not of type 'integer'",
    ),
    ("Parameters.0.DefaultValue", 3, "$.Parameters[0].DefaultValue: 3 is not of type 'string'"),
    ("Parameters.0.Name", "a b", f"$.Parameters[0].Name: 'a b' {LIKE}"),
]
# The same of the first step's job; the place is said before each.
JOBS = [
    ("AppSpecification.ImageUri", IMAGE + "x" * 255, "has 307, not 0 to 255"),
    ("AppSpecification.ContainerArguments", [], "has 0, not 1 to 100"),
    ("AppSpecification.ContainerArguments.0", "x" * 257, "has 257, not 0 to 256"),
    ("AppSpecification.ContainerArguments.0", 3, "is no string"),
    ("AppSpecification.ContainerArguments.0", "a\nb", "is 'a\\nb', not like .*"),
    ("AppSpecification.ContainerEntrypoint", ["x"] * 101, "has 101, not 1 to 100"),
    ("Environment", {f"A{n}": "" for n in range(101)}, "has 101, not 0 to 100"),
    ("Environment.A", "v" * 257, "has 257, not 0 to 256"),
    ("Environment.A", 3, "is no string"),
    ("NetworkConfig.VpcConfig.Subnets", [], "has 0, not 1 to 16"),
    ("ProcessingOutputConfig.Outputs.0.S3Output.S3UploadMode", "Once", NONE.format("Once", 2)),
    (
        "ProcessingOutputConfig.Outputs.0.S3Output.S3Uri",
        "files/train",
        "is 'files/train', not like (https|s3)://([^/]+)/?(.*)",
    ),
    ("ProcessingResources.ClusterConfig.InstanceCount", True, "is no integer"),
    ("ProcessingResources.ClusterConfig.InstanceType", "ml.foo", NONE.format("ml.foo", 207)),
    ("ProcessingResources.ClusterConfig.VolumeSizeInGB", "30", "is no integer"),
    ("ProcessingResources.ClusterConfig.VolumeSizeInGB", 16385, "has 16385, not 1 to 16384"),
    (
        "ProcessingResources.ClusterConfig.VolumeSizeInGB",
        {JOIN: {"On": "", "Values": ["3"]}},
        f"is {{{JOIN!r}: {{'On': '', 'Values': ['3']}}}}, no function for a integer",
    ),
    (
        "ProcessingResources.ClusterConfig.VolumeSizeInGB",
        NAME_OF_PIPELINE,
        "gets Execution.PipelineName, which is not there for a integer",
    ),
    ("StoppingCondition.MaxRuntimeInSeconds", 777601, "has 777601, not 1 to 777600"),
    ("Tags", [{"Key": "a", "Value": "b"}] * 51, "has 51, not 0 to 50"),
]
# The same, said in other words.
JOBS_AS_A_WHOLE = [
    ("AppSpecification.ImageUri", LACKING, "$.AppSpecification lacks ImageUri"),
    ("AppSpecification.ImageUri", "ghcr.io/ml:1", "the image 'ghcr.io/ml:1' is none of ECR"),
    ("AppSpecification.EntryPoint", ["x"], "$.AppSpecification has an unknown EntryPoint"),
    ("Enviroment", {}, "$ has an unknown Enviroment"),
    (
        "Environment.A-B",
        "x",
        "$.Environment, key 'A-B', is 'A-B', not like [a-zA-Z_][a-zA-Z0-9_]*",
    ),
    ("ProcessingJobName", "mine", "names its job"),
    ("ProcessingResources", LACKING, "$ lacks ProcessingResources"),
    ("RoleArn", LACKING, "$ lacks RoleArn"),
    (
        "ProcessingOutputConfig.Outputs.0.S3Output.LocalPath",
        "/opt/ml/output",
        "LocalPath '/opt/ml/output' is not below /opt/ml/processing/",
    ),
]
NO_FUNCTION = "is {!r}, no function for a string"
ABSENT = "gets {}, which is not there for a {}"
FUNCTIONS = [
    ({"Get": "Parameters.nope"}, ABSENT.format("Parameters.nope", "string")),
    ({"Get": "Execution.Id"}, ABSENT.format("Execution.Id", "string")),
    ({"Get": "Parameters.epochs"}, "gets Parameters.epochs, a Integer, where a string stands"),
    ({"Get": "Steps.nope.X"}, "gets Steps.nope.X, which no step has"),
    ({"Get": PREPARED + "x"}, f"gets {PREPARED}x, which no step has"),
    ({"Get": 3}, NO_FUNCTION.format({"Get": 3})),
    ({**NAME_OF_PIPELINE, "On": 1}, NO_FUNCTION.format({**NAME_OF_PIPELINE, "On": 1})),
    ({"Std:Format": {}}, NO_FUNCTION.format({"Std:Format": {}})),
    ({JOIN: {"Values": []}}, "joins {'Values': []}, not On a text the Values of a list"),
    ({JOIN: {"On": "", "Values": [3]}}, "joins 3, which is no text"),
    (
        {JOIN: {"On": "", "Values": [{"Get": "Parameters.nope"}]}},
        ABSENT.format("Parameters.nope", "join"),
    ),
]


def changed(path, value):
    """
    The good definition with one place of it changed: `Steps.0.Name`.
    """
    made = json.loads(json.dumps(GOOD))
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = made
    for key in above:
        place = place[key]
    if value is LACKING:
        del place[last]
    else:
        place[last] = value
    return made


def test_nothing_is_wrong_with_a_good_definition():
    """
    Inputs, outputs, functions, a VPC, retries and all types of parameters pass.
    """
    assert [] == definitions.mistakes(GOOD)


@pytest.mark.parametrize(("path", "value", "mistake"), SHAPES)
def test_a_wrong_frame_is_found(path, value, mistake):
    """
    Each mistake in the frame of the definition is the only thing found.
    """
    assert [mistake] == definitions.mistakes(changed(path, value))


@pytest.mark.parametrize(("path", "value", "mistake"), JOBS)
def test_a_wrong_value_is_found(path, value, mistake):
    """
    Each mistake in a job is the only thing found, with its place.
    """
    place = re.sub(r"\.(\d+)", r"[\1]", path)
    found = definitions.mistakes(changed(f"Steps.0.Arguments.{path}", value))
    assert [f"prepare: $.{place} {mistake}"] == found


@pytest.mark.parametrize(("path", "value", "mistake"), JOBS_AS_A_WHOLE)
def test_a_wrong_job_is_found(path, value, mistake):
    """
    So is what a job lacks, has beside, and what only words of the documentation refuse.
    """
    found = definitions.mistakes(changed(f"Steps.0.Arguments.{path}", value))
    assert [f"prepare: {mistake}"] == found


@pytest.mark.parametrize(("function", "mistake"), FUNCTIONS)
def test_a_wrong_function_is_found(function, mistake):
    """
    A function has a known form, and gets what is there and of the type that is wanted.
    """
    path = "AppSpecification.ContainerArguments"
    found = definitions.mistakes(changed(f"Steps.1.Arguments.{path}.1", function))
    assert [f"fit: $.{path}[1] {mistake}"] == found


@pytest.mark.parametrize(
    ("path", "value", "mistakes"),
    [
        (
            "Steps.1.DependsOn",
            ["prepar"],
            ["fit: depends on 'prepar', which is no step"],
        ),
        (
            "Steps.0.DependsOn",
            ["fit"],
            ["$.Steps: a cycle, prepare -> fit -> prepare"],
        ),
        (
            "Parameters.1.Name",
            "instances",
            [
                "$.Parameters: 2 are called 'instances'",
                f"prepare: $.Environment.EPOCHS {ABSENT.format('Parameters.epochs', 'join')}",
                f"fit: $.Environment.EPOCHS {ABSENT.format('Parameters.epochs', 'join')}",
            ],
        ),
        (
            "Metadata",
            {"note": "x" * 1_048_576},
            ["$: 1051064 characters, at most 1048576 fit"],
        ),
        (
            "Steps.1.Arguments.ProcessingInputs",
            [IN, IN],
            [
                "fit: ProcessingInputs: 2 are called 'prepare'",
                "fit: LocalPath: 2 are called '/opt/ml/processing/input/prepare'",
            ],
        ),
        (
            "Steps.0.Arguments.ProcessingOutputConfig.Outputs",
            [OUT, {**OUT, "S3Output": {**OUT["S3Output"], "LocalPath": "/opt/ml/processing/x"}}],
            ["prepare: Outputs: 2 are called 'files'"],
        ),
    ],
)
def test_what_does_not_fit_together_is_found(path, value, mistakes):
    """
    Names are unique, steps and parameters are there, no step waits for itself, the text fits.
    """
    assert mistakes == definitions.mistakes(changed(path, value))


def test_two_steps_of_one_name_are_found():
    """
    A step's name is unique.
    """
    twice = {**GOOD, "Steps": [*GOOD["Steps"], GOOD["Steps"][1]]}
    assert ["$.Steps: 2 are called 'fit'"] == definitions.mistakes(twice)
