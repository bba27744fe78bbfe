"""
A pipeline that runs in a folder of its own, from values to result.
"""

from __future__ import annotations

import pytest

from schedkit.backend import Target
from schedkit.pipeline import PipelineSpec
from schedkit_local.backend import Local
from schedkit_local.options import LocalOptions


@pytest.fixture
def run(tmp_path):
    """
    Run steps as pipeline `demo`; other keywords are the pipeline's.
    """

    def run(*steps, options=None, given=None, over=None, **keywords):
        backend = Local(LocalOptions(**{"container": "never", **(options or {})}))
        plan = backend.compile_pipeline(PipelineSpec("demo", steps=steps, **keywords), Target())
        if over:
            plan = plan.patched("run", over)
        return backend.run(plan, folder=tmp_path, parameters=given or {}, show=False)

    return run
