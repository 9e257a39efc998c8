"""Plays the cases of src/scenario/steps/play/cases.json with the VM tests' own player, as the lab's plays them with its, and begins each
story as far as the first machine: by then its list and its actions were held against each other."""

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LISTS = ROOT / "src" / "scenario" / "steps"
SCRIPTS = ROOT / "tests" / "vm" / "scripts"


class Failed(Exception):
    """What the driver raises."""


class Here:
    """This machine as one of the driver's: commands run as the driver runs them."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    def execute(self, command: str) -> tuple[bool, str]:
        result = subprocess.run(["bash", "-c", f"set -euo pipefail; {command}"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return result.returncode == 0, result.stdout

    def once(self, command: str, wanted: bool) -> str:
        good, text = self.execute(command)
        if good != wanted:
            raise Failed(command)
        return text

    def repeatedly(self, command: str, wanted: bool, timeout: int) -> str:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            with contextlib.suppress(Failed):
                return self.once(command, wanted)
            time.sleep(0.1)
        return self.once(command, wanted)

    def succeed(self, command: str, timeout: int | None = None) -> str:
        return self.once(command, True)

    def fail(self, command: str, timeout: int | None = None) -> str:
        return self.once(command, False)

    def wait_until_succeeds(self, command: str, timeout: int = 900) -> str:
        return self.repeatedly(command, True, timeout)

    def wait_until_fails(self, command: str, timeout: int = 900) -> str:
        return self.repeatedly(command, False, timeout)


def script(story: str) -> str:
    """The testScript of a story, as tests/vm/story.nix puts it together."""
    texts = [(SCRIPTS / f"{name}.py").read_text() for name in ("cluster", "steps", story)]
    steps = f"STEPS = json.loads({json.dumps((LISTS / f'{story}.json').read_text())})\n"
    return texts[0] + steps + texts[1] + texts[2]


def player(case: dict[str, Any], subtest: Any) -> dict[str, Any]:
    """What the scripts of a story are written with, before the story's own."""
    names: dict[str, Any] = {"subtest": subtest}
    exec(compile((SCRIPTS / "cluster.py").read_text(), "cluster.py", "exec"), names)
    names["PATIENCE"] = 1
    names["STEPS"] = {"values": case.get("values", {}), "before": case.get("before", []), "steps": case["steps"]}
    exec(compile((SCRIPTS / "steps.py").read_text(), "steps.py", "exec"), names)
    return names


def case_problem(case: dict[str, Any]) -> str:
    says = {step["says"]: step["id"] for step in case["steps"]}
    at: list[str] = []

    @contextlib.contextmanager
    def subtest(name: str) -> Iterator[None]:
        at.append(says[name])
        yield

    names = player(case, subtest)
    found = names["problems"](names["STEPS"], case["actions"])
    if found or "problems" in case:
        return "" if found == case.get("problems") else f"expected {case.get('problems', [])}\nactual   {found}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        log = folder / "log"
        log.touch()

        def act(name: str) -> None:
            with log.open("a") as file:
                file.write(name + "\n")

        for name in case["actions"]:
            names["ACTIONS"][name] = lambda name=name: act(name)
        ends = "good"
        try:
            names["play"](*(Here(name, folder) for name in ("primer", "worker1", "worker2")))
        except (Failed, AssertionError):
            ends = at[-1]
        actual = (log.read_text().splitlines(), ends)
    expected = ("\n".join(case["log"]).splitlines(), case["ends"])
    return "" if actual == expected else f"expected {expected}\nactual   {actual}"


class Reached(Exception):
    """A machine was asked for something: the story has begun."""


class Machine:
    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Any:
        raise Reached(name)


def start_all() -> None:
    raise Reached("start_all")


def story_problem(story: str, machines: list[str]) -> str:
    text = script(story)
    if not text.isascii():
        return "Nix and Python write other letters than ASCII's differently"
    names: dict[str, Any] = {name: Machine(name) for name in machines}
    names |= {"start_all": start_all, "subtest": lambda name: contextlib.nullcontext()}
    try:
        exec(compile(text, f"{story}.py", "exec"), names)
    except Reached:
        return ""
    except AssertionError as problem:
        return str(problem)
    return "it asks nothing of any machine"


def stories() -> list[str]:
    """Those that have a list; other VM tests are scripts alone."""
    return sorted(file.stem for file in LISTS.glob("*.json"))
