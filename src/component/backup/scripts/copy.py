"""Copies a SQLite database that is in use, and the keys beside it: copy.py FROM TO."""

import pathlib
import shutil
import sqlite3
import sys

source, target = map(pathlib.Path, sys.argv[1:])
# rw, and not the default: a database that is not there is an error, not an empty one. Reading in WAL mode takes writing to the -shm file.
database = sqlite3.connect(f"file:{source}/db.sqlite?mode=rw", uri=True, timeout=60)
copied = target / "db.sqlite"
copied.unlink(missing_ok=True)
database.execute("VACUUM INTO ?", (str(copied),))
database.close()

check = sqlite3.connect(f"file:{copied}?mode=ro", uri=True)
(result,) = check.execute("PRAGMA integrity_check").fetchone()
if result != "ok":
    sys.exit(f"the copy is damaged: {result}")
(nodes,) = check.execute("SELECT count(*) FROM nodes").fetchone()
(users,) = check.execute("SELECT count(*) FROM users").fetchone()
check.close()

keys = sorted(source.glob("*.key"))
for key in keys:
    shutil.copy2(key, target / key.name)
print(f"copied {nodes} nodes and {users} users, and {len(keys)} keys")
