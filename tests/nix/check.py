"""Judges what eval.nix evaluated: what was expected, units by systemd, scripts by mypy, pyflakes, ty and ruff, cluster files by
manifestgen. Prints a line for each thing that is wrong, and `N passed, N failed, N skipped` at the end."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import stories

HERE = Path(__file__).resolve().parent
INDEXES = HERE.parent / "vm" / "index"


class Count:
    passed = 0
    failed = 0
    skipped = 0

    def judge(self, name: str, problem: str) -> None:
        if problem:
            self.failed += 1
            print(f"FAILED {name}\n" + "\n".join("  " + line for line in problem.splitlines()))
        else:
            self.passed += 1

    def skip(self, name: str) -> None:
        self.skipped += 1
        print(f"skipped {name}")


def run(*command: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def said(result: "subprocess.CompletedProcess[str]") -> str:
    """Nothing for a command that went well and was silent about it."""
    return (result.stdout + result.stderr).strip() or f"exit code {result.returncode}"


def expectations(count: Count, checks: list[dict[str, Any]]) -> None:
    for check in checks:
        problem = ""
        if not check["ok"]:
            problem = f"expected {json.dumps(check['expected'])}\nactual   {json.dumps(check['actual'])}"
        count.judge(check["name"], problem)


def runnable(unit: str) -> str:
    """The unit with programs that this machine has: what they are named is not systemd's to judge here."""
    return re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit, flags=re.MULTILINE)


def units(count: Count, texts: dict[str, str], folder: Path) -> None:
    """Debian's systemd reads each unit: a directive that it does not know, it names."""
    groups: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        machine, _, unit = name.rpartition("/")
        groups.setdefault(machine, {})[unit] = text
    seen: set[str] = set()
    for machine, group in groups.items():
        home = folder / "units" / re.sub(r"\W", "_", machine)
        home.mkdir(parents=True)
        for unit, text in group.items():
            (home / unit).write_text(runnable(text))
        # Units of others that ours name.
        named = set(re.findall(r"[\w@-]+\.(?:service|target)", "".join(group.values()))) - set(group)
        for other in named:
            body = "[Service]\nExecStart=/bin/true\n" if other.endswith(".service") else "[Unit]\n"
            (home / other).write_text(body)
        for unit, text in group.items():
            if text in seen:
                continue
            seen.add(text)
            result = run("systemd-analyze", "verify", "--man=no", str(home / unit))
            wrong = [line for line in (result.stdout + result.stderr).splitlines() if f"{unit}:" in line]
            count.judge(f"systemd reads {machine}/{unit}", "\n".join(wrong) or (said(result) if result.returncode else ""))
            if unit.endswith(".service"):
                # 10 is a unit that gives up nothing; systemd calls under 2 `OK`.
                result = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(home / unit))
                verdict = result.stdout.strip().splitlines()[-1:] if result.returncode else []
                count.judge(f"hardened: {machine}/{unit}", "\n".join(verdict) or ("" if result.returncode == 0 else said(result)))


def scripts_of_files() -> dict[str, dict[str, Any]]:
    """The VM tests' scripts as tests/vm puts them together; each says in its first line which machines it has."""
    folder = HERE.parent / "vm" / "scripts"
    shared = (folder / "cluster.py").read_text()
    tests = {}
    for file in sorted(folder.glob("*.py")):
        text = file.read_text()
        head = re.match(r"# machines: (.+)\n", text)
        if head:
            whole = stories.script(file.stem) if file.stem in stories.stories() else shared + text
            tests[file.stem] = {"script": whole, "machines": head[1].split()}
    return tests


def played(count: Count, tests: dict[str, dict[str, Any]]) -> None:
    """The player of stories, and the stories as far as they go without machines."""
    cases = json.loads((stories.LISTS / "play" / "cases.json").read_text())
    for case in cases:
        count.judge(f"stories: {case['name']}", stories.case_problem(case))
    for story in stories.stories():
        known = story in tests
        count.judge(f"story {story}", stories.story_problem(story, tests[story]["machines"]) if known else "no VM test plays it")


def test_scripts(count: Count, tests: dict[str, dict[str, Any]], folder: Path, python: str) -> None:
    """As the driver's build does (nixpkgs: nixos/lib/testing/driver.nix): types before the script, then both tools."""
    stub = (HERE / "driver.py").read_text()
    known = [name for name in re.findall(r"^(\w+):", stub, flags=re.MULTILINE)] + ["Machine"]
    for name, test in tests.items():
        script = folder / f"{name}.py"
        script.write_text(test["script"])
        typed = folder / f"{name}_typed.py"
        declared = "".join(f"{machine}: Machine\n" for machine in test["machines"])
        typed.write_text(stub + "\n\n" + declared + test["script"])
        result = run(python, "-m", "mypy", "--no-implicit-optional", "--check-untyped-defs", "--no-color-output",
                     f"--cache-dir={folder}/mypy", str(typed))
        count.judge(f"mypy: {name}", said(result) if result.returncode else "")
        # nixpkgs' driver since 26.05 (NixOS/nixpkgs#509615); names that it alone defines are its own affair.
        result = run(python, "-m", "ty", "check", "--ignore=unresolved-reference", "--output-format=concise", str(typed))
        count.judge(f"ty: {name}", said(result) if result.returncode else "")
        quoted = json.dumps(known + test["machines"])
        result = run(python, "-m", "ruff", "check", "--isolated", "--select=F", f"--config=builtins={quoted}", str(script))
        count.judge(f"ruff: {name}", said(result) if result.returncode else "")
        builtins = ",".join(known + test["machines"])
        result = run(python, "-m", "pyflakes", str(script), env={**os.environ, "PYFLAKES_BUILTINS": builtins})
        count.judge(f"pyflakes: {name}", said(result) if result.returncode else "")


def same_scripts(count: Count, evaluated: dict[str, dict[str, Any]], files: dict[str, dict[str, Any]]) -> None:
    """What was checked as files is what the driver gets."""
    by_text = {test["script"]: (stem, test["machines"]) for stem, test in files.items()}
    for name, test in evaluated.items():
        stem, machines = by_text.get(test["script"], ("", []))
        problem = "" if stem else "its testScript is no file of tests/vm/scripts after cluster.py, nor a story's"
        if stem in stories.stories():
            wanted = json.loads((stories.LISTS / f"{stem}.json").read_text())["vm"]
            problem = "" if name in (wanted, f"{wanted}-secrets") else f"the list of {stem} says that {wanted} plays it"
        if stem and machines != test["machines"]:
            problem = f"{stem}.py says `# machines: {' '.join(machines)}`, and there are {' '.join(test['machines'])}"
        count.judge(f"script of {name}", problem)
    unused = set(files) - {by_text.get(test["script"], ("", []))[0] for test in evaluated.values()}
    count.judge("every script is a test's", ", ".join(sorted(unused)))


def plain(text: str) -> str:
    """NixOS' own roles of Markdown, such as {option}`a.b`, as what any reader shows."""
    return re.sub(r"\{(?:option|command|file|manpage)\}(?=`)", "", text).strip()


def options_page(options: list[dict[str, Any]]) -> str:
    sections = {
        "services.manifestgen": "The cluster file",
        "cluster.primer": "The first server",
        "cluster.worker": "A node that joins",
        "cluster.joinKeys": "Keys for the mesh, made by the primer",
        "cluster.mesh": "The mesh",
        "cluster.secrets": "Secrets, decrypted by agenix and delivered into the cluster",
        "cluster.microvm": "The machine as a microvm (`nixosModules.microvm`)",
    }
    lines = [
        "# Options of the NixOS modules",
        "",
        "Made from the modules by `NIXPKGS_LIB=… MANIFESTGEN_UPDATE=1 tests/nix/run`; a check keeps it true. docs/NIX.md says how they go together.",
    ]
    for prefix, title in sections.items():
        lines += ["", f"## `{prefix}`: {title[0].lower()}{title[1:]}"]
        for option in options:
            if not (option["name"] + ".").startswith(prefix + "."):
                continue
            lines += ["", f"### `{option['name']}`", "", plain(option["description"]), "", f"type: {option['type']}"]
            for key in ("default", "example"):
                if key in option:
                    text = plain(option[key])
                    if "\n" in text:
                        lines += ["", f"{key}:", "", "```nix", text, "```"]
                    else:
                        lines += ["", f"{key}: {text}" if "`" in text or " " in text and '"' not in text and "{" not in text and "[" not in text else f"{key}: `{text}`"]
    return "\n".join(lines) + "\n"


def documented(count: Count, options: list[dict[str, Any]]) -> None:
    count.judge("every option is described", "\n".join(o["name"] for o in options if not o.get("description")))
    page = HERE.parent.parent / "docs" / "NIX-OPTIONS.md"
    text = options_page(options)
    if os.environ.get("MANIFESTGEN_UPDATE") == "1":
        page.write_text(text)
    stale = not page.is_file() or page.read_text() != text
    count.judge("docs/NIX-OPTIONS.md", "stale: MANIFESTGEN_UPDATE=1 tests/nix/run writes it" if stale else "")


NEEDS = {"network", "KVM", "neither"}


def labelled(count: Count, outputs: list[str]) -> None:
    """docs/NIX.md says of each check and package what building it needs, in a table whose rows begin with their names."""
    page = (HERE.parent.parent / "docs" / "NIX.md").read_text()
    said: dict[str, set[str]] = {}
    for names, needs in re.findall(r"^\| (`[^|]+`) \| [^|]+ \| ([^|]+) \|$", page, flags=re.MULTILINE):
        words = set(re.split(r", ", needs.strip()))
        if words <= NEEDS:
            said |= {name: words for name in re.findall(r"`([^`]+)`", names)}
    count.judge("what each output needs", "\n".join(f"docs/NIX.md does not say it of {name}" for name in outputs if name not in said))
    unknown = sorted(set(said) - set(outputs))
    count.judge("no other output is labelled", "\n".join(unknown))
    wrong = [name for name, words in said.items() if ("KVM" in words) != (name.startswith("cluster-") and not name.endswith("-tcg"))]
    count.judge("KVM is for VM tests", "\n".join(wrong))


def expanded(text: str) -> list[str]:
    """`a.{b,c.{d,e}}` as the names that it stands for."""
    found = re.search(r"\{([^{}]*)\}", text)
    if not found:
        return [text]
    return [name for part in found[1].split(",") for name in expanded(text[: found.start()] + part + text[found.end() :])]


def cited(count: Count, used: list[str]) -> None:
    """Every option that is set stands in a table of docs/nix-facts.md, which says where it was read."""
    page = (HERE.parent.parent / "docs" / "nix-facts.md").read_text()
    first = re.findall(r"^\| ([^|]+) \|", page, flags=re.MULTILINE)
    names = {name for cell in first for words in re.findall(r"`([^`]+)`", cell) for name in expanded(words)}
    missing = [name for name in used if not any(known == name or known.startswith(name + ".") for known in names)]
    count.judge("every option that is set is cited", "\n".join(f"docs/nix-facts.md does not say where `{name}` was read" for name in missing))


def command_problem(program: str, command: list[str], line: str) -> str:
    """The unit's own arguments must be ones that the program takes."""
    options = {word for word in map(json.loads, re.findall(r'"(?:[^"\\]|\\.)*"', line)) if word.startswith("--")}
    page = run(program, *command, "--help").stdout
    unknown = sorted(option for option in options if not re.search(rf"(^|\s){re.escape(option)}\b", page))
    return f"`manifestgen {' '.join(command)}` has no {', '.join(unknown)}" if unknown else ""


def at_rest_problem(cluster: dict[str, Any], out: Path) -> str:
    """A server encrypts its Secrets from its first start (k3s had no way to turn it on later); an agent has no database."""
    text = (out / f"nodes/{cluster['nodeName']}/etc/rancher/k3s/config.yaml").read_text()
    servers = [node["name"] for node in cluster["settings"]["nodes"] if node.get("role") == "server"]
    wanted = {"secrets-encryption: true", "secrets-encryption-provider: secretbox"} if cluster["nodeName"] in servers else set()
    found = {line for line in text.splitlines() if line.startswith("secrets-encryption")}
    return "" if found == wanted else f"expected {sorted(wanted)}\nactual   {sorted(found)}"


def indexes(count: Count, folder: Path, program: str) -> None:
    """The indexes of the VM tests, from their cluster files as the last evaluation wrote them: nixpkgs is not needed for that."""
    for index in sorted(INDEXES.glob("*.nix")):
        file = folder / f"{index.stem}.yaml"
        committed = index.with_suffix(".json")
        file.write_text(committed.read_text() if committed.is_file() else "{}")
        result = run(program, "render", "--config", str(file), "--format", "nix", "--check", "--output", str(index))
        count.judge(f"index of {index.stem}", said(result) if result.returncode else "")


def committed_problem(cluster: dict[str, Any]) -> str:
    """What `indexes` goes by is what the machine has."""
    file = Path(cluster["index"]).with_suffix(".json")
    if file.parent != INDEXES:
        return ""
    same = file.is_file() and json.loads(file.read_text()) == cluster["settings"] and not cluster["profile"]
    return "" if same else f"{file} is not its cluster file: NIXPKGS_LIB=… MANIFESTGEN_UPDATE=1 tests/nix/run writes it"


def clusters(count: Count, all_clusters: dict[str, dict[str, Any]], folder: Path, program: str) -> None:
    rendered: dict[str, tuple[str, Path]] = {}
    for name, cluster in all_clusters.items():
        key = json.dumps([cluster["settings"], cluster["profile"], cluster["index"]])
        if key not in rendered:
            home = folder / f"cluster-{len(rendered)}"
            home.mkdir()
            file = home / "cluster.yaml"
            file.write_text(json.dumps(cluster["settings"], indent=2))
            profile = ["--profile", cluster["profile"]] if cluster["profile"] else []
            result = run(program, "validate", "--config", str(file), *profile)
            problem = said(result) if result.returncode or "warning[" in result.stderr else ""
            count.judge(f"manifestgen validates the cluster of {name}", problem)
            count.judge(f"committed cluster file of {name}", committed_problem(cluster))
            index = ["--format", "nix", "--check", "--output", cluster["index"]]
            result = run(program, "render", "--config", str(file), *profile, *index)
            count.judge(f"index of the cluster of {name}", said(result) if result.returncode else "")
            result = run(program, "render", "--config", str(file), *profile, "--format", "dir", "--output", str(home / "out"))
            rendered[key] = (said(result) if result.returncode else "", home / "out")
        problem, out = rendered[key]
        missing = [path for path in cluster["files"] if not (out / path).is_file()]
        count.judge(f"the release has the files of {name}", problem or "\n".join(f"no {path}" for path in missing))
        if not problem and not missing:
            count.judge(f"Secrets at rest on {name}", at_rest_problem(cluster, out))
        for command, line in (["apply"], cluster["apply"]), (["secret", "deliver"], cluster["deliver"]):
            if line:
                count.judge(f"manifestgen takes the arguments of {name}'s {command[-1]}", command_problem(program, command, line))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("evaluated", type=Path, nargs="?", help="the JSON of eval.nix; without it only scripts")
    options.add_argument("--manifestgen", default="", help="the program")
    options.add_argument("--tools", default="", help="a python that has mypy, pyflakes, ty and ruff")
    options.add_argument("--systemd", action="store_true", help="systemd-analyze is there")
    given = options.parse_args()
    count = Count()
    files = scripts_of_files()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        played(count, files)
        if given.tools:
            test_scripts(count, files, folder, given.tools)
        else:
            count.skip("test scripts: mypy, pyflakes, ty and ruff are not installed")
        if given.manifestgen:
            indexes(count, folder, given.manifestgen)
        else:
            count.skip("indexes of VM tests: no manifestgen")
        if given.evaluated:
            evaluated = json.loads(given.evaluated.read_text())
            expectations(count, evaluated["checks"])
            documented(count, evaluated["options"])
            labelled(count, evaluated["outputs"])
            cited(count, evaluated["used"])
            same_scripts(count, evaluated["testScripts"], files)
            if given.systemd:
                units(count, evaluated["units"], folder)
            else:
                count.skip("units: systemd-analyze is not installed")
            if given.manifestgen:
                clusters(count, evaluated["clusters"], folder, given.manifestgen)
            else:
                count.skip("cluster files: no manifestgen")
    print(f"{count.passed} passed, {count.failed} failed, {count.skipped} skipped")
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
