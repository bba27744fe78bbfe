"""
Run a Pulumi program in this process, without the Pulumi CLI, and see what it would make.
"""

from __future__ import annotations

from schedkit.preview.outputs import missing
from schedkit.preview.result import SECRET, UNKNOWN, Preview, Resource
from schedkit.preview.runner import run
from schedkit.preview.stackfile import stack_for, stacks


__all__ = ["SECRET", "UNKNOWN", "Preview", "Resource", "missing", "run", "stack_for", "stacks"]
