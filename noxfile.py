"""
What a contributor runs. `nox -l` lists the sessions, plain `nox` is the round before a push.

Every session that runs schedkit builds the wheels first and installs those, never the source tree.
"""

from __future__ import annotations

import os
import pathlib
import shutil

import nox


nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
nox.options.sessions = ["lint", "types", "tests", "aws", "kubernetes", "local"]

# uv reads none of pip's settings: who has told pip about an index or a certificate has told nox.
PIP_TO_UV = {
    "PIP_CERT": "SSL_CERT_FILE",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
}
for pip_name, uv_name in PIP_TO_UV.items():
    if pip_name in os.environ:
        os.environ.setdefault(uv_name, os.environ[pip_name])

ROOT = pathlib.Path(__file__).parent
PROVIDERS = sorted(path.name for path in (ROOT / "providers").iterdir() if path.is_dir())
EXAMPLE = "examples/nightly-training"
NOT_HERE = "not go and not docker and not oracle and not engine and not cluster and not browser"
# What must be covered to the last branch: the engine and the values built on it.
EXACT = ["recurrence/*", "inputs.py", "pipeline.py", "schedule.py", "step.py"]


def groups(*names: str) -> list[str]:
    """
    Requirements of dependency groups.
    """
    return list(nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), *names))


def wheels(session: nox.Session, *providers: str) -> list[str]:
    """
    Build the wheels of the core and of *providers*; return their paths.
    """
    out = pathlib.Path(session.virtualenv.location, "wheels")
    shutil.rmtree(out, ignore_errors=True)
    for folder in (".", *(f"providers/{name}" for name in providers)):
        if session.venv_backend == "uv":
            build = ["uv", "build", "-q", "--wheel", "--build-constraints", "constraints.txt"]
            session.run(*build, "--out-dir", str(out), folder, external=True)
        else:
            session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), folder)
    return sorted(map(str, out.glob("*.whl")))


def install(session: nox.Session, providers: list[str], *names: str) -> dict[str, str]:
    """
    Install the core and *providers* from wheels, and dependency groups, in pinned versions.

    Returns the environment in which Python imports them, and not the source tree.
    """
    built = wheels(session, *providers)
    session.install("-c", "constraints.txt", *built, *groups(*names))
    folder = pathlib.Path(built[0]).resolve().parent
    return {"PYTHONSAFEPATH": "1", "SCHEDKIT_TEST_WHEELS": str(folder)}


@nox.session
def demo(session: nox.Session) -> None:
    """
    The main job: plan the nightly training for Kubernetes, run it here, then serve three ticks.
    """
    env = install(session, ["kubernetes", "local"], "examples")
    session.run("schedkit", "plan", EXAMPLE, "--stack", "kubernetes", env=env)
    session.run("schedkit", "run", EXAMPLE, "--stack", "local", env=env)
    often = ["--config", "every=20s", "--runs", "3", "--live"]
    session.run("schedkit", "serve", EXAMPLE, "--stack", "local", *often, env=env)


@nox.session
def tests(session: nox.Session) -> None:
    """
    Every test that needs no Go, Docker or oracle, against the built wheels, with coverage.
    """
    env = install(session, PROVIDERS, "tests", "aws", "examples")
    # The console script: `python -m pytest` would import the source tree.
    arguments = session.posargs or ["-q", "-n", "2", "--cov", "--cov-report="]
    session.run("pytest", "-m", NOT_HERE, *arguments, env=env)
    if session.posargs:
        return
    session.run("coverage", "report", "--format=total")
    exact = ",".join(f"*/schedkit/{pattern}" for pattern in EXACT)
    session.run("coverage", "report", f"--include={exact}", "--fail-under=100")


def alone(session: nox.Session, provider: str, *names: str) -> None:
    """
    Run the tests of one provider with nothing but its own distribution and the core.
    """
    env = install(session, [provider], "tests", *names)
    arguments = session.posargs or ["-q"]
    folder = f"providers/{provider}/tests"
    session.run("pytest", "-m", NOT_HERE, *arguments, folder, env=env)


@nox.session
def aws(session: nox.Session) -> None:
    """
    The tests of schedkit-aws, with no other provider installed.
    """
    alone(session, "aws", "aws")


@nox.session
def kubernetes(session: nox.Session) -> None:
    """
    The tests of schedkit-kubernetes, with no other provider installed.
    """
    alone(session, "kubernetes")


@nox.session
def local(session: nox.Session) -> None:
    """
    The tests of schedkit-local, with no other provider installed.
    """
    alone(session, "local")


@nox.session
def lint(session: nox.Session) -> None:
    """
    ruff's rules and format, and the names of the changelog fragments.
    """
    session.install("-c", "constraints.txt", *groups("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """
    mypy --strict for the core, pyright for the providers (mypy needs minutes for the big SDKs).
    """
    install(session, PROVIDERS, "types")
    session.run("mypy")
    session.run("pyright", "--pythonpath", shutil.which("python", path=session.bin))


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """
    Build the documentation into a temporary folder; a broken link fails. `-- serve` shows it.
    """
    env = install(session, PROVIDERS, "docs") | {"NO_MKDOCS_2_WARNING": "1"}
    out = pathlib.Path(session.virtualenv.location, "site").resolve()
    arguments = session.posargs or ["build", "--strict", "--site-dir", str(out)]
    session.run("mkdocs", *arguments, env=env)


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """
    Every script of benchmarks/ that measures something; `-- NAME` runs one of them.
    """
    install(session, PROVIDERS, "benchmarks")
    chosen = session.posargs or sorted(
        path.stem for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text()
    )
    session.chdir("benchmarks")  # away from the source tree, which `python -m` would import
    for name in chosen:
        session.run("python", f"{name}.py")


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """
    20 000 random crons in 6 zones against a brute-force evaluator; `-- --seed 2` for others.
    """
    install(session, PROVIDERS, "tests")
    arguments = session.posargs or ["--crons", "20000", "--seed", "1"]
    session.run("python", "tests/recurrence/fuzz.py", *arguments)


@nox.session(default=False)
def crash(session: nox.Session) -> None:
    """
    Kill `schedkit serve` 500 times over 10 000 instants, in a quarter of an hour; `-- --seed 2`.
    """
    env = install(session, ["local"], "tests") | {"PYTHONSAFEPATH": ""}  # it has neighbours
    session.chdir("providers/local/tests/crash")  # away from the source tree
    session.run("python", "crash.py", *session.posargs, env=env)


@nox.session(default=False)
def fuzz_readers(session: nox.Session) -> None:
    """
    Ten minutes of coverage-guided bad input for every reader; `-- --seconds 60 adf` for less.
    """
    env = install(session, PROVIDERS, "tests")
    try:
        only_wheels = ["--only-binary", "atheris"]
        session.install("-c", "constraints.txt", *only_wheels, *groups("atheris"))
        session.run("python", "-c", "import atheris", silent=True)
    except nox.command.CommandFailed:
        session.skip("atheris is missing: PyPI has wheels for Linux and some Pythons only")
    session.run("python", "tests/recurrence/atheris_readers.py", *session.posargs, env=env)


@nox.session(default=False)
def robfig(session: nox.Session) -> None:
    """
    Compare our reading of robfig's cron with the real one; needs Go.
    """
    if not shutil.which("go"):
        session.skip("Go is missing: install it from https://go.dev/dl and run this session again")
    env = install(session, PROVIDERS, "tests")
    session.run("pytest", "-m", "go", *(session.posargs or ["-q"]), "tests", env=env)


def end_to_end(session: nox.Session, marker: str, modules: list[str], *options: str) -> None:
    """
    Build Go *modules* of tests/e2e, then run the tests that carry a marker.
    """
    if not shutil.which("go"):
        session.skip("Go is missing: install it from https://go.dev/dl and run this session again")
    env = install(session, PROVIDERS, "tests", "aws", "e2e", "examples")
    # A script that imports its neighbour.
    session.run("python", "tests/e2e/build.py", *modules, env={**env, "PYTHONSAFEPATH": ""})
    arguments = session.posargs or ["-q", *options]
    session.run("pytest", "-m", marker, *arguments, "tests/e2e", env=env)


@nox.session(default=False)
def engine(session: nox.Session) -> None:
    """
    The real Pulumi engine deploys the examples, in front of doubles of the providers; needs Go.
    """
    end_to_end(session, "engine", ["pulumi"], "-n", "2", "--reruns", "1")


@nox.session(default=False)
def cluster(session: nox.Session) -> None:
    """
    A real Kubernetes control plane runs what we deploy, in time of its own; needs Go.
    """
    end_to_end(session, "cluster", ["pulumi", "kubernetes"], "--reruns", "1")


@nox.session(default=False)
def page(session: nox.Session) -> None:
    """
    The status page in Chromium: axe, keyboard, forms; SCHEDKIT_SCREENSHOTS=DIR keeps pictures.
    """
    env = install(session, ["local"], "tests", "browser")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        session.run("playwright", "install", "chromium")
    session.run(
        "pytest", "-m", "browser", *(session.posargs or ["-q"]), "providers/local", env=env
    )


@nox.session(default=False)
def oracles(session: nox.Session) -> None:
    """
    Install the implementations that others wrote, say which are missing, and compare with them.
    """
    env = install(session, PROVIDERS, "tests", "oracles")
    folder = pathlib.Path(session.virtualenv.location, "oracles").resolve()
    env |= {"SCHEDKIT_ORACLES": str(folder)}
    session.run("python", "tests/oracles/install.py", str(folder))
    session.run("pytest", "-m", "oracle", *(session.posargs or ["-q", "tests"]), env=env)
    env |= {"PYTHONSAFEPATH": ""}  # a script that imports its neighbours
    session.run("python", "tests/oracles/table.py", env=env)


@nox.session(default=False, venv_backend="uv")
def lock(session: nox.Session) -> None:
    """
    Remake constraints.txt, what the sessions install; `-- --upgrade` moves to newer versions.
    """
    projects = ["pyproject.toml", *(f"providers/{name}/pyproject.toml" for name in PROVIDERS)]
    ours = ["schedkit", *(f"schedkit-{name}" for name in PROVIDERS)]
    names = nox.project.load_toml("pyproject.toml")["dependency-groups"]
    session.run(
        *("uv", "pip", "compile", "-q", "--universal", "--no-annotate", "--no-header"),
        *("--python-version", "3.11", "--all-extras", "--output-file", "constraints.txt"),
        *(f"--no-emit-package={name}" for name in ours),
        *(f"--group=pyproject.toml:{name}" for name in names),
        *session.posargs,
        *projects,
        external=True,
    )
