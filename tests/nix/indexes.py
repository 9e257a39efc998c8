"""Writes the index of each cluster file that the evaluation reads, as users do before they build. Those that are committed
are left as they are, unless MANIFESTGEN_UPDATE=1 asks for new ones, with their cluster files beside them; check.py compares both."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


COMMITTED = Path(__file__).resolve().parent.parent / "vm" / "index"


def main() -> int:
    program, scratch, wanted = sys.argv[1], Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text())
    scratch.mkdir(exist_ok=True)
    failed = False
    written: set[str] = set()
    for name, cluster in wanted.items():
        file = cluster["file"]
        is_ours = Path(file).parent == scratch or (os.environ.get("MANIFESTGEN_UPDATE") == "1" and "form-0" not in file)
        if file in written or not is_ours:
            continue
        written.add(file)
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "cluster.yaml"
            config.write_text(json.dumps(cluster["settings"], indent=2))
            profile = ["--profile", cluster["profile"]] if cluster["profile"] else []
            command = [program, "render", "--config", str(config), *profile, "--format", "nix", "--output", file]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        if Path(file).parent == COMMITTED:
            # What its freshness is checked by where nothing is evaluated.
            Path(file).with_suffix(".json").write_text(json.dumps(cluster["settings"], indent=2, sort_keys=True) + "\n")
        if result.returncode:
            failed = True
            print(f"{name}: no index\n{result.stderr}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
