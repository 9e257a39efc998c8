#!/usr/bin/env bash
# Phase 2: brings Argo CD into a running cluster and hands the rest of the tree over to it. It can be run again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
default_environment='' environments=()
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

Environment:
  INSTALL_LOG        the log (default: a new file in the folder for temporary ones)
  INSTALL_PATIENCE   seconds to wait (default: 600)
EOT
}

log_file=''
say() {
  local line
  line="$(date -u +%FT%TZ) $*"
  printf '%s\n' "$line" >&2
  [[ ! $log_file ]] || printf '%s\n' "$line" >>"$log_file"
}

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

known=''
for name in "${environments[@]}"; do [[ $name != "$environment" ]] || known=1; done
[[ $known ]] || {
  printf 'there is no environment %s; there are:\n' "$environment" >&2
  printf '  %s\n' "${environments[@]}" >&2
  exit 2
}
cluster='' argocd_namespace='' repository=''
# shellcheck source=/dev/null
source "$here/environments/$environment.env"
readonly overlay=$here/../../infrastructure/overlays/$environment/argocd

preflight() {
  command -v kubectl >/dev/null || die 'the command kubectl is missing'
  kubectl get --raw /readyz >/dev/null || die 'the API server does not answer; is KUBECONFIG set?'
  kubectl auth can-i '*' '*' --all-namespaces >/dev/null || die 'installing Argo CD takes the rights of an administrator'
}

# --- installation, and the way back -----------------------------------------------------

work=$(mktemp -d)
readonly work
can_go_back=''

ended() {
  local code=$?
  trap - EXIT
  if ((code != 0)) && [[ $can_go_back ]]; then
    go_back || say 'not everything that was made is gone'
  fi
  ((code == 0)) || [[ ! $log_file ]] || say "the log is in $log_file"
  rm -rf "$work"
  exit "$code"
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

apply() { kubectl apply --server-side --field-manager=post-install --force-conflicts -f "$work/argocd.yaml"; }

# Which objects of a file are in the cluster, a line each: UID, version, kind, namespace, name.
listed() {
  kubectl get -f "$1" --ignore-not-found --no-headers \
    -o 'custom-columns=A:.metadata.uid,B:.apiVersion,C:.kind,D:.metadata.namespace,E:.metadata.name' 2>"$work/listed.log"
}

# The same of the installation. It fails where that cannot be told.
present() {
  ! listed "$work/argocd.yaml" || return 0
  # kubectl says nothing of a file that holds a kind without a definition: then nothing of that kind is there, and the rest is asked for.
  if [[ ! -s $work/listed.log ]] || grep -vE 'no matches for kind|ensure CRDs are installed first' "$work/listed.log" >&2; then
    return 1
  fi
  awk 'function flush() { if (text !~ /(^|\n)apiVersion: argoproj\.io\//) printf "%s", text; text = "" }
    /^---$/ { flush() }
    { text = text $0 "\n" }
    END { flush() }' "$work/argocd.yaml" >"$work/others.yaml"
  listed "$work/others.yaml"
}

# Deletes what this run made, the last first. What was there before stays, in the state that it got.
go_back() {
  local uid version kind namespace name type rc=0
  present >"$work/after" || return 1
  say 'the installation failed; deleting what it made'
  while read -r uid version kind namespace name; do
    if grep -q "^$uid " "$work/before"; then continue; fi
    type=$kind
    [[ $version != */* ]] || type=$kind.${version#*/}.${version%/*}
    [[ $namespace != '<none>' ]] || namespace=''
    kubectl ${namespace:+-n "$namespace"} delete "$type" "$name" --ignore-not-found --wait=false >>"$log_file" 2>&1 || rc=1
    # Nobody who would act on these runs.
    [[ $version != argoproj.io/* ]] ||
      kubectl ${namespace:+-n "$namespace"} patch "$type" "$name" --type=merge -p '{"metadata":{"finalizers":null}}' >>"$log_file" 2>&1 || true
  done < <(sed -n '1!G;h;$p' "$work/after")
  return "$rc"
}

install_argocd() {
  local crds
  kubectl kustomize "$overlay" >"$work/argocd.yaml" || die "$overlay cannot be built"
  present >"$work/before" || die 'it cannot be told which parts of Argo CD are there already; nothing was changed'
  say "installing Argo CD into $cluster ($environment)"
  can_go_back=1
  # Definitions first: what they define can be made only once they are established.
  if ! apply >"$work/first.log" 2>&1; then
    say 'some objects have to wait for their definitions'
  fi
  cat "$work/first.log" >>"$log_file"
  crds=$(grep -oE '^customresourcedefinition[^ ]+' "$work/first.log" || true)
  if [[ $crds ]]; then
    # shellcheck disable=SC2086 # a list of names
    kubectl wait --for=condition=Established --timeout=60s $crds >/dev/null || die 'the definitions of Argo CD are not established'
  fi
  apply >"$work/second.log" 2>&1 || {
    grep -v ' serverside-applied$' "$work/second.log" | tee -a "$log_file" >&2 || true
    die 'Argo CD could not be installed'
  }
  cat "$work/second.log" >>"$log_file"
  # From here on Argo CD may be at work: what is still wrong is said, and it stays.
  can_go_back=''
}

# --- health -----------------------------------------------------------------------------

in_argocd() { kubectl -n "$argocd_namespace" "$@"; }

# Runs COMMAND until it succeeds; it says in `waiting` what it waits for. A call that fails is no answer: it is tried again.
waiting=''
within_time() { # COMMAND...
  local end=$((SECONDS + patience))
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 2
  done
}

workloads_are_ready() {
  local names name
  waiting='the API server does not answer'
  names=$(in_argocd get deployments,statefulsets -o name) || return 1
  waiting="there is no Argo CD in $argocd_namespace"
  [[ $names ]] || return 1
  for name in $names; do
    waiting="$name is not healthy"
    in_argocd rollout status "$name" --timeout=10s >/dev/null 2>&1 || return 1
  done
}

# A known status means that the repository was read.
root_is_known() {
  local status
  waiting='the API server does not answer'
  status=$(in_argocd get application root --ignore-not-found -o 'jsonpath={.status.sync.status}') || return 1
  waiting="the root application is ${status:-not there, or nobody has looked at it}"
  [[ $status == Synced || $status == OutOfSync ]]
}

# Nobody but a person syncs an Application that is not `automated`: what it lacks is named, and not waited for.
by_hand=''
applications_are_good() {
  local list name state automated bad='' count=0
  local line='{.metadata.name} {.status.sync.status}/{.status.health.status} {.spec.syncPolicy.automated}{"\n"}'
  by_hand=''
  waiting='the API server does not answer'
  list=$(in_argocd get applications -o "jsonpath={range .items[*]}$line{end}") || return 1
  waiting='there are no applications'
  [[ $list ]] || return 1
  while read -r name state automated; do
    if [[ $state == Synced/Healthy ]]; then
      continue
    fi
    [[ $state != / ]] || state='nobody has looked at it'
    if [[ ! $automated || $automated == *'"enabled":false'* ]]; then
      by_hand+=", $name ($state)"
    else
      bad+=", $name ($state)"
      count=$((count + 1))
    fi
  done <<<"$list"
  waiting="$count applications are not synced and healthy: ${bad#, }"
  ((count == 0))
}

say_by_hand() { [[ ! $by_hand ]] || say "to be synced by hand: ${by_hand#, }"; }

health() {
  within_time workloads_are_ready || die "$waiting, after $patience s"
  within_time root_is_known || {
    in_argocd get application root -o 'jsonpath={range .status.conditions[*]}{.type}: {.message}{"\n"}{end}' >&2 || true
    die "Argo CD does not follow $repository: $waiting, after $patience s"
  }
  say "Argo CD follows $repository"
  if [[ ! $no_wait ]]; then
    within_time applications_are_good || {
      in_argocd get applications >&2 || true
      say_by_hand
      die "$waiting, after $patience s"
    }
    say "all applications${by_hand:+ that Argo CD syncs by itself} are synced and healthy"
    say_by_hand
  fi
  in_argocd get applications || die 'the API server does not answer'
}

preflight
if [[ ! $only_check ]]; then
  log_file=${INSTALL_LOG:-$(mktemp -t "post-install-$environment.XXXXXX")}
  : >>"$log_file" || exit 1
  install_argocd
fi
health
