"""The container, its composition and the Kubernetes example: linted, and checked against schema and program."""

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import pipeline
from pipeline.commands import codes
from pipeline.commands.main import app

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
JOB = yaml.safe_load((ROOT / "deploy" / "kubernetes-job.yaml").read_text())
COMMANDS = typer.main.get_command(app).commands
HADOLINT = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))


def last(instruction: str) -> str:
    """What follows the last of an instruction in the Dockerfile, its continuation lines too."""
    return re.findall(rf"^{instruction} ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)[-1]


def parsed(words: list[str]) -> dict:
    """The parameters that a command line of digitstring sets. Fails for one that it does not take."""
    command = COMMANDS[words[0]]
    with command.make_context(words[0], list(words[1:])) as context:
        return context.params


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
def test_dockerfile_passes_its_linter() -> None:
    run = subprocess.run([HADOLINT, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_the_image_is_built_and_runs_where_there_is_a_daemon() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker daemon answers")
    built = subprocess.run([docker, "build", "--quiet", ROOT], capture_output=True, text=True, check=False)
    if any(
        words in built.stderr for words in ("failed to resolve", "dial tcp", "Temporary failure in name resolution")
    ):
        pytest.skip("the daemon cannot reach its registry")
    assert built.returncode == 0, built.stderr
    said = subprocess.run([docker, "run", "--rm", built.stdout.strip(), "--version"], capture_output=True, text=True)
    assert said.stdout == f"digitstring {pipeline.__version__}\n"


def test_the_image_is_slim_without_root_and_asked_how_it_is() -> None:
    assert all("-slim" in image for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert last("USER").isdecimal() and int(last("USER")) > 0
    assert "/v1/ready" in last("HEALTHCHECK")
    words = yaml.safe_load(last("ENTRYPOINT")) + yaml.safe_load(last("CMD"))
    assert words[0] == "digitstring" and parsed(words[1:])["host"] == "0.0.0.0"
    assert parsed(words[1:])["port"] == int(last("EXPOSE"))


def test_the_image_installs_extras_that_there_are() -> None:
    named = re.search(r"'\.\[(.*?)\]'", DOCKERFILE)[1].split(",")
    extras = re.search(
        r"^\[project.optional-dependencies\]\n(.*?)\n\n", (ROOT / "pyproject.toml").read_text(), re.M | re.S
    )[1]
    assert set(named) <= set(re.findall(r"^(\w+) =", extras, re.MULTILINE))


def test_the_composition_keeps_the_review_in_its_volume() -> None:
    service = COMPOSE["services"]["digitstring"]
    asked = parsed(service["command"])
    folder = Path(asked["review"]).parent
    assert [f"{name}:{folder}" for name in COMPOSE["volumes"]] == service["volumes"]
    assert str(folder) == last("VOLUME")
    assert (
        service["read_only"] and service["cap_drop"] == ["ALL"] and "?" in service["environment"]["DIGITSTRING_TOKEN"]
    )
    address, outside, inside = service["ports"][0].rsplit(":", 2)
    assert address == "127.0.0.1" and {"localhost", address} <= set(asked["allow_host"])
    assert int(inside) == asked["port"] == int(outside)


def test_the_composition_is_one_by_the_schema_of_the_specification(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    (tmp_path / "mistaken.yaml").write_text((ROOT / "compose.yaml").read_text().replace("cap_drop:", "cap_dorp:"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]  # comes with it
    for path, code in ((ROOT / "compose.yaml", 0), (tmp_path / "mistaken.yaml", 1)):
        run = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        assert run.returncode == code and ("cap_dorp" in run.stdout) == bool(code), run.stdout + run.stderr


def test_the_job_is_one_by_the_schema() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    validate.validate(JOB, validate.latest_version(), strict=True)
    with pytest.raises(validate.ValidationError):  # the check sees mistakes
        validate.validate(JOB | {"spec": JOB["spec"] | {"podFailurePolcy": {}}}, validate.latest_version(), strict=True)


def test_the_job_ends_and_tries_again_by_the_exit_codes() -> None:
    rules = JOB["spec"]["podFailurePolicy"]["rules"]
    by_action = {rule["action"]: set(rule["onExitCodes"]["values"]) for rule in rules if "onExitCodes" in rule}
    assert by_action == {"FailJob": {codes.USAGE, codes.NO_WEIGHTS}, "FailIndex": {codes.UNREADABLE}}
    handed_on = set().union(*by_action.values())
    assert not handed_on & {codes.UNWRITABLE, codes.UNREACHABLE}  # what may go away by itself is tried again
    assert JOB["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert JOB["spec"]["backoffLimitPerIndex"] > 0  # without it, FailIndex is refused by the server


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 6, 137])
def test_the_script_of_the_job_hands_on_what_is_a_failure(tmp_path: Path, code: int) -> None:
    (container,) = JOB["spec"]["template"]["spec"]["containers"]
    fake = tmp_path / "digitstring"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{tmp_path}/words"\nexit {code}\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "JOB_COMPLETION_INDEX": "7"}
    environment |= {each["name"]: each["value"] for each in container["env"]}
    run = subprocess.run([*container["command"], *container["args"]], env=environment, check=False)
    assert run.returncode == (0 if code == codes.UNSURE else code)
    words = (tmp_path / "words").read_text().split()
    asked = parsed(words)
    assert str(asked["folder"]) == "s3://scans/2026-11/part-7" and asked["resume"]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert asked["out"] == Path("/results/part-7.jsonl") and {"/results", "/tmp"} <= mounts
