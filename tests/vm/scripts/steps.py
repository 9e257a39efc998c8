import re
from collections.abc import Callable, Collection

# How the steps of a story are played. They stand before this, as STEPS; their form is that of src/scenario/steps/list.rs, and
# src/scenario/steps/play/cases.json is played by this and by the lab's own player.
ACTIONS: dict[str, Callable[[], None]] = {}
VALUES: dict[tuple[str, str], str] = {}


def action(function: Callable[[], None]) -> Callable[[], None]:
    """Done at the step of the same name, before its checks."""
    # Not every callable has a name, says ty, by which nixpkgs' driver is checked since 26.05.
    name: str = getattr(function, "__name__")
    assert name not in ACTIONS, f"two actions for the step `{name}`"
    ACTIONS[name] = function
    return function


def has(name: str, number: int) -> bool:
    """Whether the node of this number is meant; the primer's is 0."""
    if name == "workers":
        return number > 0
    return name in ("all", "primer" if number == 0 else f"worker{number}")


def is_one(name: str) -> bool:
    return re.fullmatch("primer|worker[1-9][0-9]*", name) is not None


def variables(command: str) -> list[str]:
    """Variables in capitals that a command uses: `$NODE_NAME` and `${NODE_NAME}`."""
    return sorted(set(re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", command)))


def text(story: dict[str, Any], check: dict[str, Any]) -> str:
    """What bash runs for a check: `before` holds functions for all of them."""
    return "\n".join([*story.get("before", []), check["run"]])


def knows(values: dict[str, str], variable: str, pair: bool) -> bool:
    whose, _, what = variable.partition("_")
    if not what:
        return whose in ("NODES", "WORKERS")
    node = whose == "NODE" or (whose == "TO" and pair) or is_one(whose.lower())
    return node and (what in ("NAME", "ADDRESS") or what in values)


def problems(story: dict[str, Any], actions: Collection[str]) -> list[str]:
    """What is wrong with a list for whoever plays it with these actions."""
    found = []
    seen: set[str] = set()
    for step in story["steps"]:
        name, checks, elsewhere = step["id"], step.get("checks", []), "lab" in step.get("only", {})
        if name in seen:
            found.append(f"step `{name}` is there twice")
        seen.add(name)
        if "" in step.get("only", {}).values():
            found.append(f"step `{name}` does not say why only one side plays it")
        if elsewhere and name in actions:
            found.append(f"step `{name}` is left out here and has an action")
        elif not elsewhere and name not in actions and not checks:
            found.append(f"step `{name}` has neither an action nor a check")
        for check in checks:
            named = check.get("on", []) + check.get("to", []) + check.get("without", [])
            found += [f"step `{name}`: `{one}` is no node" for one in named if not (one in ("all", "workers") or is_one(one))]
            unknown = [one for one in variables(text(story, check)) if not knows(story.get("values", {}), one, "to" in check)]
            found += [f"step `{name}`: `${one}` is no variable" for one in unknown]
    return found + [f"the action `{name}` has no step" for name in actions if name not in seen]


def until(node: Node, command: str, within: int, fails: bool) -> str:
    """What it writes, when it ends as it should."""
    if within:
        return (node.wait_until_fails if fails else node.wait_until_succeeds)(command, timeout=within * PATIENCE)
    return (node.fail if fails else node.succeed)(command, timeout=120 * PATIENCE)


def environment(nodes: list[Node], check: dict[str, Any], node: int, target: int) -> str:
    """The variables that a check uses, as commands before it."""
    exports = ""
    for variable in variables(text(STEPS, check)):
        whose, _, what = variable.partition("_")
        if not what:
            value = " ".join(one.name for one in nodes[whose == "WORKERS" :])
        else:
            meant = {"NODE": node, "TO": target, "PRIMER": 0}.get(whose)
            number = int(whose.removeprefix("WORKER")) if meant is None else meant
            assert number < len(nodes), f"there is no node for `${variable}`"
            if what == "NAME":
                value = nodes[number].name
            elif what == "ADDRESS":
                # The driver numbers machines by name.
                value = f"192.168.1.{number + 1}"
            else:
                key = (nodes[number].name, what)
                if key not in VALUES:
                    VALUES[key] = until(nodes[number], STEPS["values"][what], check.get("within", 0), False).strip()
                value = VALUES[key]
        exports += f"export {variable}={shlex.quote(value)}; "
    return exports


def play(*nodes: Node) -> None:
    """Goes through the list; the first of the nodes is the primer."""
    wrong = problems(STEPS, ACTIONS)
    assert not wrong, "; ".join(wrong)
    assert [node.name for node in nodes] == sorted(node.name for node in nodes)
    for step in STEPS["steps"]:
        if "lab" in step.get("only", {}):
            with subtest(f"{step['says']}: only in the lab: {step['only']['lab']}"):
                continue
        with subtest(step["says"]):
            if step["id"] in ACTIONS:
                ACTIONS[step["id"]]()
            for check in step.get("checks", []):
                without = check.get("without", [])
                meant = [
                    [number for number in range(len(nodes)) if any(has(name, number) for name in names) and not any(has(name, number) for name in without)]
                    for names in (check.get("on", ["primer"]), check.get("to", []))
                ]
                for node in meant[0]:
                    for target in [to for to in meant[1] if to != node] if "to" in check else [node]:
                        command = environment(list(nodes), check, node, target) + text(STEPS, check)
                        until(nodes[node], command, check.get("within", 0), check.get("fails", False))


# What is done at each step is the test's own.
