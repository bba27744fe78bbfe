"""
A small SDK, as Pulumi generates them: a class of arguments, and a resource.
"""

from __future__ import annotations

import pulumi


@pulumi.input_type
class ThingArgs:
    """
    Inputs of a Thing.
    """

    def __init__(self, max_size=None, doc=None, items=None) -> None:
        pulumi.set(self, "max_size", max_size)
        pulumi.set(self, "doc", doc)
        pulumi.set(self, "items", items)

    @property
    @pulumi.getter(name="maxSize")
    def max_size(self) -> pulumi.Input[int] | None:
        return pulumi.get(self, "max_size")

    @property
    @pulumi.getter
    def doc(self) -> pulumi.Input[str] | None:
        return pulumi.get(self, "doc")

    @property
    @pulumi.getter
    def items(self) -> pulumi.Input[list[str]] | None:
        return pulumi.get(self, "items")


class Thing(pulumi.CustomResource):
    """
    Outputs beside its inputs: `queueArn`, and a `token` that is secret.
    """

    def __init__(self, name, opts=None, max_size=None, doc=None, items=None) -> None:
        props = ThingArgs.__new__(ThingArgs)
        props.__dict__.update(max_size=max_size, doc=doc, items=items)
        props.__dict__.update(queue_arn=f"arn:{name}", token=pulumi.Output.secret("hush"))
        super().__init__("toy:index:Thing", name, props, opts)

    @property
    @pulumi.getter(name="maxSize")
    def max_size(self) -> pulumi.Output[int]:
        return pulumi.get(self, "max_size")

    @property
    @pulumi.getter
    def doc(self) -> pulumi.Output[str]:
        return pulumi.get(self, "doc")

    @property
    @pulumi.getter(name="queueArn")
    def queue_arn(self) -> pulumi.Output[str]:
        return pulumi.get(self, "queue_arn")

    @property
    @pulumi.getter
    def token(self) -> pulumi.Output[str]:
        return pulumi.get(self, "token")


class Bare(pulumi.CustomResource):
    """
    No class of arguments tells its inputs.
    """
