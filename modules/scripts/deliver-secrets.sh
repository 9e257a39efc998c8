# shellcheck shell=bash
# Brings what agenix decrypted into the cluster's Secrets. Arguments: those of `manifestgen secret deliver`.
#
# CREDENTIALS_DIRECTORY   has a file for each value, by the secret's name, and the index' key

# Whatever comes after this unit waits for it, so it does not fail because of a server that is still starting. How long
# that may take is for the unit to say.
until kubectl get --raw=/readyz >/dev/null 2>&1; do
  sleep 2
done

exec manifestgen secret deliver --from "$CREDENTIALS_DIRECTORY" "$@"
