#!/usr/bin/env bash
# Phase 1: makes this machine a node of the cluster. Run it on the machine, as root.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
cluster='' default_environment='' servers='' k3s_channel='' k3s_version=''
# shellcheck source=/dev/null
source "$here/cluster.env"

readonly target=/etc/rancher/k3s
readonly log_file=${INSTALL_LOG:-/var/log/install-k3s.log}
readonly patience=${INSTALL_PATIENCE:-300}

usage() {
  cat <<EOT
Usage: install-k3s.sh --node NAME [--environment NAME] [--preflight]

  --node NAME          the node of the cluster that this machine becomes
  --environment NAME   the environment whose files are used (default: $default_environment)
  --preflight          look whether the machine is fit, and change nothing

Environment:
  INSTALL_K3S_SKIP_DOWNLOAD=true   use the k3s binary that is in /usr/local/bin already
  INSTALL_K3S_SCRIPT=FILE          run this copy of https://get.k3s.io, for machines without internet
  INSTALL_LOG                      the log (default: /var/log/install-k3s.log)
  INSTALL_PATIENCE                 seconds to wait for the node (default: 300)
EOT
}

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

node='' environment=$default_environment only_preflight=''
while (($#)); do
  case $1 in
    --node | --environment)
      [[ ${2-} ]] || {
        printf '%s needs a value\n' "$1" >&2
        exit 2
      }
      if [[ $1 == --node ]]; then node=$2; else environment=$2; fi
      shift 2
      ;;
    --preflight)
      only_preflight=1
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

# The files of the environment come before those that all environments share.
find_configs() {
  local folder
  for folder in "$here/../configs/$environment/nodes/$node" "$here/../configs/nodes/$node"; do
    if [[ -f $folder/etc/rancher/k3s/config.yaml ]]; then
      printf '%s\n' "$folder/etc/rancher/k3s"
      return
    fi
  done
  return 1
}

if [[ ! $node ]]; then
  printf 'name the node with --node; the nodes are:\n' >&2
  find "$here/../configs" -path '*/nodes/*' -name config.yaml 2>/dev/null |
    sed -E 's|.*/nodes/([^/]+)/.*|  \1|' | sort -u >&2
  exit 2
fi
configs=$(find_configs) || {
  printf 'there is no node %s in environment %s\n' "$node" "$environment" >&2
  exit 2
}
readonly configs

# --- preflight --------------------------------------------------------------------------

problems=0
problem() {
  say "preflight: $*"
  problems=$((problems + 1))
}

is_server() { [[ " $servers " == *" $environment/$node "* ]]; }

preflight() {
  local tool file port memory
  [[ $(uname -s) == Linux ]] || problem "this is $(uname -s), and k3s runs on Linux"
  ((EUID == 0)) || problem 'only root can install k3s'
  for tool in systemctl sed grep install; do
    command -v "$tool" >/dev/null || problem "the command $tool is missing"
  done
  if [[ ! ${INSTALL_K3S_SCRIPT-} ]]; then
    command -v curl >/dev/null || problem 'the command curl is missing'
  elif [[ ! -f $INSTALL_K3S_SCRIPT ]]; then
    problem "there is no $INSTALL_K3S_SCRIPT"
  fi
  memory=$(awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo)
  ((memory >= 512)) || problem "the machine has $memory MiB of memory, and k3s needs 512"
  grep -qE '^(memory|nodev[[:space:]]+cgroup2)' /proc/cgroups /proc/filesystems -h 2>/dev/null ||
    problem 'the kernel has no memory control group'
  if command -v ss >/dev/null && ! systemctl is-active --quiet k3s k3s-agent 2>/dev/null; then
    for port in 6443 10250; do
      if [[ $port == 6443 ]] && ! is_server; then continue; fi
      [[ -z $(ss -Hltn "sport = :$port") ]] || problem "port $port is taken"
    done
  fi
  # Secrets are files of their own: k3s refuses to start without them, and others must not read them.
  while IFS= read -r file; do
    if [[ ! -s $file ]]; then
      problem "the secret $file is not there, or is empty"
    elif [[ $(stat -c %a "$file") != *00 ]]; then
      problem "the secret $file can be read by others: chmod 0400 $file"
    fi
  done < <(sed -nE "s/^(agent-)?token-file: *[\"']?([^\"']+)[\"']?$/\2/p" "$configs/config.yaml")
  ((problems == 0)) || die "$problems reasons against an installation; nothing was changed"
  say "preflight: $node is fit to join $cluster ($environment)"
}

# --- installation, and the way back -----------------------------------------------------

had_k3s='' backup='' changed=''

rollback() {
  local code=$?
  trap - EXIT
  if ((code == 0)) || [[ ! $changed ]]; then
    [[ ! $backup ]] || rm -rf "$backup"
    exit "$code"
  fi
  say 'the installation failed; going back'
  if [[ $had_k3s ]]; then
    rm -rf "$target"
    [[ ! -d $backup/k3s ]] || cp -a "$backup/k3s" "$target"
    systemctl restart k3s 2>/dev/null || systemctl restart k3s-agent 2>/dev/null || say 'k3s could not be restarted'
  else
    local uninstall
    for uninstall in /usr/local/bin/k3s-uninstall.sh /usr/local/bin/k3s-agent-uninstall.sh; do
      [[ ! -x $uninstall ]] || "$uninstall" || say "$uninstall failed"
    done
    rm -rf "$target"
    [[ ! -d $backup/k3s ]] || cp -a "$backup/k3s" "$target"
  fi
  rm -rf "$backup"
  say "the log is in $log_file"
  exit "$code"
}

install_k3s() {
  local script role=agent
  ! is_server || role=server
  [[ ! -x /usr/local/bin/k3s ]] || had_k3s=1
  backup=$(mktemp -d)
  [[ ! -d $target ]] || cp -a "$target" "$backup/k3s"
  trap rollback EXIT
  changed=1
  say "writing the configuration of $node"
  install -d -m 0755 "$target"
  install -m 0600 "$configs"/*.yaml "$target"
  script=${INSTALL_K3S_SCRIPT-}
  if [[ ! $script ]]; then
    script=$backup/get-k3s
    curl -sfL --retry 3 https://get.k3s.io -o "$script"
  fi
  say "installing k3s ${k3s_version:-$k3s_channel} as $role"
  env INSTALL_K3S_CHANNEL="$k3s_channel" INSTALL_K3S_VERSION="$k3s_version" INSTALL_K3S_EXEC="$role" sh "$script" >>"$log_file" 2>&1
}

# --- health -----------------------------------------------------------------------------

within() { # SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "$what: not within $patience s"
    sleep 2
  done
}

health() {
  if is_server; then
    within "$patience" 'the API server is not ready' k3s kubectl get --raw /readyz
    within "$patience" "the node $node is not Ready" k3s kubectl wait --for=condition=Ready "node/$node" --timeout=1s
    within "$patience" 'the cluster has no DNS' k3s kubectl -n kube-system get deployment coredns
  else
    within "$patience" 'k3s-agent does not run' systemctl is-active --quiet k3s-agent
  fi
  say "$node is up"
}

preflight
[[ ! $only_preflight ]] || exit 0
install_k3s
health
