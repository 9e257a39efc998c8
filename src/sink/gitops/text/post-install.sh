#!/usr/bin/env bash
# Phase 2: brings Argo CD into a running cluster and hands the rest of the tree over to it. It can be run again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
cluster='' default_environment='' argocd_namespace='' repository=''
# shellcheck source=/dev/null
source "$here/cluster.env"

readonly patience=${INSTALL_PATIENCE:-600}

usage() {
  cat <<EOT
Usage: post-install.sh [--environment NAME] [--check] [--no-wait]

  --environment NAME   the environment to install (default: $default_environment)
  --check              only look whether everything is healthy
  --no-wait            do not wait until all Applications are synced and healthy

kubectl's current context says which cluster it is; on the server of k3s itself, set
KUBECONFIG=/etc/rancher/k3s/k3s.yaml.
EOT
}

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

environment=$default_environment only_check='' no_wait=''
while (($#)); do
  case $1 in
    --environment)
      [[ ${2-} ]] || {
        printf '%s needs a value\n' "$1" >&2
        exit 2
      }
      environment=$2
      shift 2
      ;;
    --check)
      only_check=1
      shift
      ;;
    --no-wait)
      no_wait=1
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf 'unknown option %s\n' "$1" >&2
      usage >&2
      exit 2
      ;;
  esac
done

overlay=$here/../../infrastructure/overlays/$environment/argocd
[[ -d $overlay ]] || {
  printf 'there is no environment %s; there are:\n' "$environment" >&2
  for folder in "$here"/../../infrastructure/overlays/*/; do printf '  %s\n' "$(basename "$folder")" >&2; done
  exit 2
}
readonly overlay

preflight() {
  command -v kubectl >/dev/null || die 'the command kubectl is missing'
  kubectl get --raw /readyz >/dev/null || die 'the API server does not answer; is KUBECONFIG set?'
  kubectl auth can-i '*' '*' --all-namespaces >/dev/null || die 'installing Argo CD takes the rights of an administrator'
}

work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

apply() { kubectl apply --server-side --field-manager=post-install --force-conflicts -f "$1"; }

install_argocd() {
  local crds
  kubectl kustomize "$overlay" >"$work/argocd.yaml"
  # Definitions first: what they define can be made only once they are established.
  say "installing Argo CD into $cluster ($environment)"
  if ! apply "$work/argocd.yaml" >"$work/first.log" 2>&1; then
    say 'some objects have to wait for their definitions'
  fi
  crds=$(grep -oE '^customresourcedefinition[^ ]+' "$work/first.log" || true)
  if [[ $crds ]]; then
    # shellcheck disable=SC2086 # a list of names
    kubectl wait --for=condition=Established --timeout=60s $crds >/dev/null
  fi
  apply "$work/argocd.yaml" >"$work/second.log" 2>&1 || {
    cat "$work/second.log" >&2
    die 'Argo CD could not be installed; the objects that are there can stay, run this again'
  }
}

health() {
  local kind name end=$((SECONDS + patience)) status
  for kind in deployment statefulset; do
    while IFS= read -r name; do
      [[ $name ]] || continue
      kubectl -n "$argocd_namespace" rollout status "$name" --timeout="${patience}s" >/dev/null || die "$name is not healthy"
    done < <(kubectl -n "$argocd_namespace" get "$kind" -o name)
  done
  # A known status means that the repository was read.
  while :; do
    status=$(kubectl -n "$argocd_namespace" get application root -o 'jsonpath={.status.sync.status}' 2>/dev/null || true)
    [[ $status != Synced && $status != OutOfSync ]] || break
    if ((SECONDS >= end)); then
      kubectl -n "$argocd_namespace" get application root -o 'jsonpath={range .status.conditions[*]}{.type}: {.message}{"\n"}{end}' >&2 || true
      die "Argo CD does not follow $repository: the root application is ${status:-not there}"
    fi
    sleep 2
  done
  say "Argo CD follows $repository"
  while [[ ! $no_wait ]]; do
    status=$(kubectl -n "$argocd_namespace" get applications \
      -o 'jsonpath={range .items[*]}{.status.sync.status}{.status.health.status}{"\n"}{end}' | grep -vc '^SyncedHealthy$' || true)
    ((status > 0)) || break
    if ((SECONDS >= end)); then
      kubectl -n "$argocd_namespace" get applications >&2
      die "$status applications are not synced and healthy after $patience s"
    fi
    sleep 2
  done
  kubectl -n "$argocd_namespace" get applications
}

preflight
[[ $only_check ]] || install_argocd
health
