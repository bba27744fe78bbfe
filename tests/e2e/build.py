"""
Build what the tests of this folder run, from Go modules: the Pulumi engine, a control plane.

    python build.py [pulumi] [kubernetes]      minutes the first time, nothing after that

The programs lie outside the tree, in a folder named after what they are made of: `go.mod`,
`go.sum`, our Go files, the clock and the version of Go. SCHEDKIT_E2E says where those folders are
(~/.cache/schedkit/e2e). Needs Go 1.26 and a module proxy.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import clock


HERE = Path(__file__).parent
MODULES = HERE / "go"
PULUMI = "3.259.0"
KUBERNETES = "v1.36.3"
PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
# How kwok plays nodes and pods; below `kustomize/stage` of its module.
STAGES = (
    "node/fast/node-initialize",
    "pod/general/pod-create",
    "pod/general/pod-init-container-running",
    "pod/general/pod-init-container-completed",
    "pod/general/pod-ready",
    "pod/general/pod-complete",
    "pod/general/pod-delete",
    "pod/chaos/pod-init-container-running-failed",
    "pod/chaos/pod-container-running-failed",
)


def missing() -> str:
    """
    What this machine lacks, as a sentence, or "".
    """
    return "" if shutil.which("go") else "Go is missing: install 1.26 from https://go.dev/dl"


@functools.cache
def folder(name: str) -> Path:
    """
    Where the programs of one module lie, or will lie.
    """
    made_of = hashlib.sha256(Path(clock.__file__).read_bytes())
    made_of.update(Path(__file__).read_bytes())
    for path in sorted((MODULES / name).rglob("*")):
        if path.is_file():
            made_of.update(path.read_bytes())
    made_of.update(go("version", cwd=MODULES / name).encode())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "schedkit", "e2e")
    top = Path(os.environ.get("SCHEDKIT_E2E") or cache)
    return top / f"{name}-{made_of.hexdigest()[:16]}"


def built(name: str) -> bool:
    """
    Whether the programs are there, so that nothing is to be done.
    """
    return not missing() and folder(name).is_dir()


def go(*arguments: str, cwd: Path) -> str:
    """
    Run go in a module's folder; its first error is ours.
    """
    env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    done = subprocess.run(
        ["go", *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"go {' '.join(arguments)}\n{done.stderr.strip()}")
    return done.stdout.strip()


def compile_go(
    out: Path, source: str, *flags: str, cwd: Path, verb: Sequence[str] = ("build",)
) -> None:
    """
    One program without symbols and without the paths of this machine.
    """
    start = time.monotonic()
    print(f"{out.name}: go {verb[0]}, up to ten minutes the first time", flush=True)
    stripped = ["-trimpath", "-ldflags", " ".join(["-s", "-w", *flags])]
    go(*verb, *stripped, "-o", str(out), source, cwd=cwd)
    size = out.stat().st_size / 1e6
    print(f"{out.name}: {time.monotonic() - start:.0f} s, {size:.0f} MB", flush=True)


def build_pulumi(out: Path) -> None:
    """
    `bin/pulumi`, the SDK's launcher of Python programs, and our stand-in for the language host.
    """
    module, binaries = MODULES / "pulumi", out / "bin"
    binaries.mkdir()
    version = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI}"
    command = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    compile_go(binaries / "pulumi", command, version, cwd=module)
    sdk = go("list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3", cwd=module)
    launcher = "pulumi-language-python-exec"
    shutil.copyfile(Path(sdk, "python", "cmd", launcher), binaries / launcher)
    (binaries / launcher).chmod(0o755)


def build_kubernetes(out: Path) -> None:
    """
    Five names for one program, the CronJob controller in virtual time, and how kwok plays pods.
    """
    module = MODULES / "kubernetes"
    version = f"-X k8s.io/component-base/version.gitVersion={KUBERNETES}"
    with tempfile.TemporaryDirectory() as box:
        # One clock for both, so that nothing is compiled twice.
        overlaid = ("-overlay", str(clock.write(Path(box))))
        program = ("build", *overlaid)
        compile_go(out / "controlplane", "./controlplane", version, cwd=module, verb=program)
        compile_go(out / "cronjobs", "./cronjobs", cwd=module, verb=("test", "-c", *overlaid))
    for part in PARTS:
        (out / part).symlink_to("controlplane")
    kwok = Path(go("list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok", cwd=module))
    stages = [(kwok / "kustomize/stage" / f"{name}.yaml").read_text() for name in STAGES]
    (out / "stages.yaml").write_text("\n---\n".join(stages))


BUILDERS: dict[str, Callable[[Path], None]] = {
    "pulumi": build_pulumi,
    "kubernetes": build_kubernetes,
}


def build(name: str) -> Path:
    """
    The folder of a module's programs, built when they are not there; half a build is never there.
    """
    target = folder(name)
    if target.is_dir():
        print(f"{name}: built before, in {target}")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    out = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    try:
        BUILDERS[name](out)
        out.chmod(0o755)
        out.rename(target)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return target


if __name__ == "__main__":
    if why := missing():
        sys.exit(why)
    for chosen in sys.argv[1:] or BUILDERS:
        build(chosen)
