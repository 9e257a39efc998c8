#!/usr/bin/env bash
# What CI runs: the cluster file holds no mistake, and the tree is what it renders.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cluster_file="${CLUSTER_FILE:-cluster.yaml}"

if [[ ! -f $cluster_file ]]; then
  printf 'there is no %s; name the cluster file with CLUSTER_FILE\n' "$cluster_file" >&2
  exit 2
fi
command -v manifestgen >/dev/null || {
  printf 'manifestgen is not installed: cargo install --locked manifestgen\n' >&2
  exit 3
}

manifestgen validate -c "$cluster_file"
manifestgen render -c "$cluster_file" --format gitops -o . --check
