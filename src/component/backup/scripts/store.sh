#!/bin/sh
# Saves /copy in the repository that RESTIC_REPOSITORY names, and forgets what is too old: store.sh FOLDER.
set -eu
code=0
restic cat config >/dev/null || code=$?
case $code in
0) ;;
# There is no repository yet (restic 0.17 and later). Anything else, such as a wrong password, must not make a second one.
10) restic init ;;
*) exit "$code" ;;
esac
cd "$1"
restic backup --host "$BACKUP_HOST" --tag "$BACKUP_TAG" --retry-lock 30m .
restic forget --host "$BACKUP_HOST" --tag "$BACKUP_TAG" --group-by host,tags --keep-last "$BACKUP_KEEP" --prune --retry-lock 30m
