"""Puts a copy in the place of a database that nobody uses, and the keys beside it: restore.py FROM TO."""

import os
import pathlib
import shutil
import sqlite3
import sys
import time

source, target = map(pathlib.Path, sys.argv[1:])
copied, own = source / "db.sqlite", target / "db.sqlite"
check = sqlite3.connect(f"file:{copied}?mode=ro", uri=True)
(result,) = check.execute("PRAGMA integrity_check").fetchone()
if result != "ok":
    sys.exit(f"the copy is damaged: {result}")
(nodes,) = check.execute("SELECT count(*) FROM nodes").fetchone()
check.close()

stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
if own.exists():
    # Leaving WAL mode takes being the only one who has the database open. It also brings the log into the database.
    database = sqlite3.connect(f"file:{own}?mode=rw", uri=True, timeout=0)
    try:
        (mode,) = database.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError as error:
        sys.exit(f"the database is in use ({error}): kubectl scale deployment headscale --replicas 0")
    database.close()
    if mode != "delete":
        sys.exit("the database is in use: kubectl scale deployment headscale --replicas 0")
    own.rename(target / f"db.sqlite.before-{stamp}")

keys = sorted(source.glob("*.key"))
for path in [copied, *keys]:
    aside = target / f"{path.name}.new"
    shutil.copy2(path, aside)
    os.chmod(aside, 0o600)
    with open(aside, "rb") as file:
        os.fsync(file.fileno())
    aside.replace(target / path.name)
print(f"{nodes} nodes and {len(keys)} keys are back")
