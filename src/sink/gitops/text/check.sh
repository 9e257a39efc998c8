#!/usr/bin/env bash
# What CI runs: the cluster file holds no mistake in any environment, and the tree is what it renders.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cluster_file="${CLUSTER_FILE:-cluster.yaml}"
manifestgen_version='' arguments=() profiles=()
# shellcheck source=/dev/null
source ci/tree.env

if [[ ! -f $cluster_file ]]; then
  printf 'there is no %s; name the cluster file with CLUSTER_FILE\n' "$cluster_file" >&2
  exit 2
fi
command -v manifestgen >/dev/null || {
  printf 'manifestgen is not installed: cargo install --locked --version %s manifestgen\n' "$manifestgen_version" >&2
  exit 3
}

# All of them, so that one run names all mistakes.
failed=0
checked() { # ARGUMENT...
  printf '%s\n' "--- manifestgen $*" >&2
  manifestgen "$@" || failed=1
}
checked validate -c "$cluster_file" "${arguments[@]+"${arguments[@]}"}"
for profile in "${profiles[@]+"${profiles[@]}"}"; do
  checked validate -c "$cluster_file" "${arguments[@]+"${arguments[@]}"}" --profile "$profile"
done
checked render -c "$cluster_file" "${arguments[@]+"${arguments[@]}"}" --format gitops -o . --check
exit "$failed"
