#!/usr/bin/env python3
"""How often a validator gives the API server's verdict.

    benches/corpus.py DIR [--sample N] [--jobs N] -- COMMAND...

DIR is what `cargo run --example schema_corpus -- make DIR` wrote. COMMAND is run once for each manifest, with the path of the manifest as
its last argument; exit code 0 means that it accepts. `{definitions}` in COMMAND becomes the folder of the CustomResourceDefinitions.

    benches/corpus.py DIR -- kubeconform -strict -ignore-missing-schemas
    benches/corpus.py DIR -- manifestgen validate --crd {definitions} -f
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys


def arguments():
    options, command = sys.argv[1:], []
    if "--" in options:
        at = options.index("--")
        options, command = options[:at], options[at + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--sample", type=int, help="ask about that many only, always the same")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parsed = parser.parse_args(options)
    if not command:
        parser.error("no COMMAND after `--`")
    parsed.command = [word.replace("{definitions}", str(parsed.dir / "definitions")) for word in command]
    return parsed


def main():
    args = arguments()
    rows = [json.loads(line) for line in (args.dir / "verdicts.jsonl").read_text().splitlines()]
    if args.sample and args.sample < len(rows):
        rows = random.Random(1).sample(rows, args.sample)

    def accepts(row):
        path = args.dir / "manifests" / row["file"]
        return subprocess.run([*args.command, path], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        answers = list(pool.map(accepts, rows))

    for name in sorted({row["set"] for row in rows}):
        pairs = [(row, answer) for row, answer in zip(rows, answers) if row["set"] == name]
        same = sum(row["accepted"] == answer for row, answer in pairs)
        refused = [row for row, answer in pairs if row["accepted"] and not answer]
        missed = [row for row, answer in pairs if not row["accepted"] and answer]
        kinds = len({row["kind"] for row, _ in pairs})
        print(
            f"{name}: {len(pairs)} objects of {kinds} kinds; same verdict {100 * same / len(pairs):.2f} %, "
            f"refused wrongly {len(refused)}, accepted wrongly {len(missed)}"
        )
        for said, disagreements in (("refused wrongly", refused), ("accepted wrongly", missed)):
            classes = collections.Counter((row["kind"], row["class"]) for row in disagreements)
            for (kind, change), count in classes.most_common(10):
                print(f"  {said}, {count} x {kind}: {change}")


main()
