from __future__ import annotations

import pytest
from kit import (
    ACCOUNT,
    KEY,
    REGION,
    TAGS,
    VPC,
    arguments,
    chain,
    compiled,
    definition,
    document,
    findings,
    inputs,
)

import schedkit as sk
from schedkit.findings import Feature
from schedkit.plan import Ref
from schedkit.testing.examples import pipeline, step
from schedkit_aws import pipeline as built
from schedkit_aws.definition import script


OWN = {
    "SCHEDKIT_PIPELINE": "train",
    "SCHEDKIT_OUTPUT": "/opt/ml/processing/output",
    "SCHEDKIT_INPUT": "/opt/ml/processing/input",
    "SCHEDKIT_SCHEDULE": {"Get": "Parameters.Schedule"},
    "SCHEDKIT_SCHEDULED_TIME": {"Get": "Parameters.ScheduledTime"},
    "SCHEDKIT_RUN_ID": {"Get": "Execution.PipelineExecutionId"},
    "SCHEDKIT_PARAMETER_LEARNING_RATE": {"Get": "Parameters.learning-rate"},
}
GATE = ("gate_role", "gate_policy", "gate", "gate_alarm")


def folder(step_name):
    run = {"Get": "Execution.PipelineExecutionId"}
    return {"Std:Join": {"On": "/", "Values": ["s3://${files.bucket}/train-dev", run, step_name]}}


def keys(plan):
    return [node.key for node in plan.nodes]


def test_nodes():
    """
    A pipeline that needs no gate is one SageMaker Pipeline with three roles, a bucket, and a queue
    with an alarm; the schedule group is the stack's.
    """
    plan = compiled(pipeline())
    assert [
        "pipeline",
        "pipeline_role",
        "pipeline_policy",
        "job_role",
        "job_policy",
        "scheduler_role",
        "scheduler_policy",
        "files",
        "files_access",
        "files_encryption",
        "files_policy",
        "files_lifecycle",
        "dead_letters",
        "dead_letters_alarm",
    ] == keys(plan)
    made = inputs(plan, "pipeline")
    del made["pipelineDefinition"]
    assert {
        "pipelineName": "train-dev",
        "pipelineDisplayName": "train-dev",
        "roleArn": "${pipeline_role.arn}",
        "tags": TAGS,
    } == made
    assert ("pipeline_policy", "job_policy") == plan.node("pipeline").after
    (group,) = plan.shared
    assert ("group", {"name": "shop-dev", "tags": {}}) == (group.key, group.inputs)


def test_definition_of_a_chain():
    """
    Each step is a Processing job: with its parameters, secrets by name, repetition by a shell, and
    the files of the steps it needs.
    """
    found = definition(compiled(chain(), kms_key=KEY, **VPC))
    assert ["Version", "Metadata", "Parameters", "Steps"] == [*found]
    assert [
        {"Name": "ScheduledTime", "Type": "String", "DefaultValue": "none"},
        {"Name": "Schedule", "Type": "String", "DefaultValue": "none"},
        {"Name": "learning-rate", "Type": "String", "DefaultValue": "0.1"},
    ] == found["Parameters"]
    prep, fit = found["Steps"]
    assert ("prep", "fit", ["prep"]) == (prep["Name"], fit["Name"], fit["DependsOn"])
    assert "DependsOn" not in prep
    for each in (prep, fit):
        assert [["Step.SERVICE_FAULT", "Step.THROTTLING"]] == [
            policy["ExceptionType"] for policy in each["RetryPolicies"][:1]
        ]
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ghcr/acme/ml:1"
    place = {"S3UploadMode": "EndOfJob", "LocalPath": "/opt/ml/processing/output"}
    common = {
        "RoleArn": "${job_role.arn}",
        "StoppingCondition": {"MaxRuntimeInSeconds": 7200},
        "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
        "NetworkConfig": {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}},
    }
    cluster = {"InstanceCount": 1, "VolumeKmsKeyId": KEY}
    assert {
        **common,
        "AppSpecification": {
            "ImageUri": image,
            "ContainerEntrypoint": ["sh", "-c", script(sk.Retry(2, "5s")), "sh"],
            "ContainerArguments": ["prep"],
        },
        "Environment": {**OWN, "SCHEDKIT_STEP": "prep", "SCHEDKIT_SECRET_TOKEN": "hub/token"},
        "ProcessingResources": {
            "ClusterConfig": {**cluster, "InstanceType": "ml.c5.xlarge", "VolumeSizeInGB": 40}
        },
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "output", "S3Output": {"S3Uri": folder("prep"), **place}}],
            "KmsKeyId": KEY,
        },
    } == prep["Arguments"]
    assert {
        **common,
        "AppSpecification": {
            "ImageUri": image,
            "ContainerEntrypoint": ["fit", {"Get": "Parameters.learning-rate"}],
            "ContainerArguments": ["--fast"],
        },
        "Environment": {
            **OWN,
            "SCHEDKIT_STEP": "fit",
            "RATE": {"Get": "Parameters.learning-rate"},
        },
        "ProcessingInputs": [
            {
                "InputName": "prep",
                "S3Input": {
                    "S3Uri": folder("prep"),
                    "LocalPath": "/opt/ml/processing/input/prep",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingResources": {
            "ClusterConfig": {**cluster, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 30}
        },
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "output", "S3Output": {"S3Uri": folder("fit"), **place}}],
            "KmsKeyId": KEY,
        },
    } == fit["Arguments"]


def test_script():
    """
    The shell sleeps after each failure, empties the output, and the last attempt's exit code is
    the job's.
    """
    clear = 'rm -rf "$SCHEDKIT_OUTPUT"/* "$SCHEDKIT_OUTPUT"/.[!.]*'
    assert f'for s in 5 7.5 9;do "$@"&&exit;sleep $s;{clear};done;exec "$@"' == script(
        sk.Retry(3, 5, factor=1.5, maximum=9)
    )


def test_plain_step():
    """
    Without command, network options and key nothing is said about them.
    """
    found = arguments(pipeline(step(command=None, retry=sk.Retry(0))))
    assert ["ImageUri"] == [*found["AppSpecification"]]
    assert {"NetworkConfig", "ProcessingInputs"}.isdisjoint(found)
    assert ["Outputs"] == [*found["ProcessingOutputConfig"]]


def test_network():
    """
    Isolation and encryption stand in each job.
    """
    found = arguments(pipeline(), network_isolation=True, encrypt_traffic=True)
    assert {
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
    } == found["NetworkConfig"]


@pytest.mark.parametrize(
    ("resources", "options", "expected"),
    [
        ({}, {}, "ml.t3.medium"),
        ({}, {"instance_type": "ml.p3.2xlarge"}, "ml.p3.2xlarge"),
        ({"cpu": 2}, {"instance_type": "ml.m5.24xlarge"}, "ml.t3.medium"),
        ({"cpu": 2}, {"instance_types": {"fit": "ml.p3.2xlarge"}}, "ml.p3.2xlarge"),
    ],
)
def test_instance(resources, options, expected):
    """
    A step's own type wins, then what it asks for, then the type of all others.
    """
    spec = pipeline(step(resources=sk.Resources(**resources)))
    found = arguments(spec, **options)["ProcessingResources"]["ClusterConfig"]["InstanceType"]
    assert expected == found


def test_parallel_steps():
    """
    How many steps of a run go on at once stands in the pipeline.
    """
    made = inputs(compiled(pipeline(), max_parallel_steps=4), "pipeline")
    assert {"maxParallelExecutionSteps": 4} == made["parallelismConfiguration"]


def test_native_engine():
    """
    On pulumi-aws-native the definition is wrapped, and tags are a list.
    """
    node = compiled(pipeline(), engine="native").node("pipeline")
    classic = compiled(pipeline()).node("pipeline")
    assert ("aws-native:sagemaker:Pipeline", classic.after) == (node.token, node.after)
    assert {
        "pipelineName": "train-dev",
        "pipelineDisplayName": "train-dev",
        "roleArn": Ref("pipeline_role", "arn"),
        "pipelineDefinition": {"pipelineDefinitionBody": classic.inputs["pipelineDefinition"]},
        "tags": [{"key": key, "value": value} for key, value in TAGS.items()],
    } == node.inputs


def test_dead_letters():
    """
    The queue keeps letters for 14 days, encrypted; an alarm shows as soon as one lies in it.
    """
    plan = compiled(pipeline(), alarm_topics=["arn:aws:sns:eu-central-1:123456789012:ops"])
    assert {
        "name": "train-dev-dlq",
        "messageRetentionSeconds": 1_209_600,
        "sqsManagedSseEnabled": True,
        "tags": TAGS,
    } == inputs(plan, "dead_letters")
    alarm = inputs(plan, "dead_letters_alarm")
    assert {"QueueName": "${dead_letters.name}"} == alarm["dimensions"]
    assert ["arn:aws:sns:eu-central-1:123456789012:ops"] == alarm["alarmActions"]
    assert KEY == inputs(compiled(pipeline(), kms_key=KEY), "dead_letters")["kmsMasterKeyId"]


def test_rules_may_write_letters():
    """
    Of rules the queue itself allows the delivery, from rules of this account and region only; no
    group is shared.
    """
    plan = compiled(pipeline(), scheduler="rules")
    assert () == plan.shared
    assert {"events_role", "events_policy", "dead_letters_policy"} <= {*keys(plan)}
    assert not {"scheduler_role", "scheduler_policy"} & {*keys(plan)}
    (statement,) = document(plan, "dead_letters_policy", "policy")["Statement"]
    assert {
        "Sid": "Rules",
        "Effect": "Allow",
        "Action": ["sqs:SendMessage"],
        "Resource": "${dead_letters.arn}",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/*"},
        },
        "Principal": {"Service": "events.amazonaws.com"},
    } == statement


@pytest.mark.parametrize("overlap", ["forbid", "replace", "queue"])
def test_gate(overlap):
    """
    What may not overlap is started by a state machine, which an alarm watches.
    """
    plan = compiled(pipeline(overlap=overlap))
    assert [*GATE] == [key for key in keys(plan) if key.startswith("gate")]
    node = plan.node("gate")
    assert ("pipeline", "gate_policy") == node.after
    made = inputs(plan, "gate")
    assert ("train-dev-gate", "${gate_role.arn}", "STANDARD") == (
        made["name"],
        made["roleArn"],
        made["type"],
    )
    states = document(plan, "gate", "definition")["States"]
    assert {"List", "Busy", "Start"} <= {*states}
    assert "Watch" not in states
    metrics = [each["metric"] for each in inputs(plan, "gate_alarm")["metricQueries"][1:]]
    assert {"${gate.arn}"} == {each["dimensions"]["StateMachineArn"] for each in metrics}


@pytest.mark.parametrize(
    ("limits", "needs", "watched"),
    [
        ((None, None), False, False),
        ((None, None), True, True),
        (("1h", "1h"), True, False),
        (("1h", "61m"), True, True),
        (("3h", None), False, False),
    ],
)
def test_watch(limits, needs, watched):
    """
    A state machine stops the run only where the steps' own limits could add up to more.
    """
    first, second = limits
    second = step("b", timeout=second, needs=["a"] if needs else [])
    plan = compiled(pipeline(step("a", timeout=first), second, timeout="2h"))
    assert watched == ("gate" in keys(plan))
    if watched:
        states = document(plan, "gate", "definition")["States"]
        assert 7200 == states["Watch"]["Seconds"]
    assert ("emulated" if watched else "exact") == findings(plan)[Feature.TIMEOUT][0]


def test_tokens():
    """
    All that a plan may hold has a class of the SDK.
    """
    plans = [
        compiled(pipeline(overlap="queue")),
        compiled(pipeline(), scheduler="rules", engine="native"),
    ]
    tokens = {node.token for plan in plans for node in (*plan.nodes, *plan.shared)}
    assert {
        built.PIPELINE,
        built.NATIVE,
        built.GROUP,
        built.QUEUE,
        built.QUEUE_POLICY,
        built.MACHINE,
        built.ALARM,
    } <= tokens


def test_tags():
    """
    Tags of the user are laid over schedkit's.
    """
    tags = {"team": "ml", "schedkit:stack": "other"}
    made = inputs(compiled(pipeline(), tags=tags), "pipeline")["tags"]
    assert {**TAGS, **tags} == made
