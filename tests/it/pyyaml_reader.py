"""PyYAML as a reader for tests/it/yaml_round_trip.rs, and as a writer of other people's style.

Frames `<decimal byte length>\n<bytes>` come in on stdin; each is answered by one line.

  read    the frame is YAML; the answer is JSON of what yaml.safe_load makes of it, or `error: ...`.
          What JSON has no type for becomes {"!": "<type>"}, so that it never equals what was written.
  write   the frame is JSON [value, options]; the answer is a JSON string, yaml.safe_dump(value, **options),
          in which lists and mappings that are equal are aliases of one anchor.
"""

import json
import sys

import yaml


def plain(value):
    if isinstance(value, dict):
        return {key(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if value is None or type(value) in (bool, int, float, str):
        return value
    return {"!": type(value).__name__}


def key(value):
    return value if type(value) is str else f"!{type(value).__name__} {value!r}"


def shared(value, seen):
    if isinstance(value, dict):
        value = {k: shared(v, seen) for k, v in value.items()}
    elif isinstance(value, list):
        value = [shared(v, seen) for v in value]
    else:
        return value
    return seen.setdefault(json.dumps(value), value)


def answer(mode, frame):
    try:
        if mode == "write":
            value, options = json.loads(frame)
            return json.dumps(yaml.safe_dump(shared(value, {}), **options))
        return json.dumps(plain(yaml.safe_load(frame.decode())), allow_nan=False)
    except Exception as error:
        return "error: " + " ".join(f"{type(error).__name__}: {error}".split())


def main():
    mode = sys.argv[1]
    while head := sys.stdin.buffer.readline():
        frame = sys.stdin.buffer.read(int(head))
        sys.stdout.write(answer(mode, frame) + "\n")
        sys.stdout.flush()


main()
