#!/usr/bin/env bash
# Phase 1: makes this machine a node of the cluster. Run it on the machine, as root.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
default_environment='' environments=()
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

logging=''
say() {
  local line
  line="$(date -u +%FT%TZ) $*"
  printf '%s\n' "$line" >&2
  [[ ! $logging ]] || printf '%s\n' "$line" >>"$log_file"
}

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

is_one_of() { # NAME OTHER...
  local name=$1 other
  shift
  for other; do [[ $other != "$name" ]] || return 0; done
  return 1
}

# The environment and the node are names of lists, so that a misspelt one is never taken for another.
is_one_of "$environment" "${environments[@]}" || {
  printf 'there is no environment %s; there are:\n' "$environment" >&2
  printf '  %s\n' "${environments[@]}" >&2
  exit 2
}
cluster='' nodes=() servers=() k3s_channel='' k3s_version=''
# shellcheck source=/dev/null
source "$here/environments/$environment.env"

if [[ ! $node ]]; then
  printf 'name the node with --node; the nodes are:\n' >&2
  printf '  %s\n' "${nodes[@]+"${nodes[@]}"}" >&2
  exit 2
fi
is_one_of "$node" "${nodes[@]+"${nodes[@]}"}" || {
  printf 'there is no node %s in environment %s\n' "$node" "$environment" >&2
  exit 2
}

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
configs=$(find_configs) || {
  printf 'the files of node %s are missing below %s\n' "$node" "$here/../configs" >&2
  exit 2
}
readonly configs

is_server() { is_one_of "$node" "${servers[@]+"${servers[@]}"}"; }

# What the node's own configuration says.
is_set() { grep -qE "^$1: (true|\"true\")$" "$configs/config.yaml"; } # KEY

holds() { # KEY ITEM: whether a list has it
  local line inside=''
  while IFS= read -r line; do
    case $line in
      "$1:") inside=1 ;;
      *"- $2") [[ ! $inside ]] || return 0 ;;
      [!\ -]*) inside='' ;;
    esac
  done <"$configs/config.yaml"
  return 1
}

# --- preflight --------------------------------------------------------------------------

problems=0
problem() {
  say "preflight: $*"
  problems=$((problems + 1))
}

refuse_problems() { ((problems == 0)) || die "$problems reasons against an installation; nothing was changed"; }

preflight() {
  local tool file port key value memory=0
  [[ $(uname -s) == Linux ]] || problem "this is $(uname -s), and k3s runs on Linux"
  ((EUID == 0)) || problem 'only root can install k3s'
  for tool in systemctl sed grep install stat cp mv mktemp env; do
    command -v "$tool" >/dev/null || problem "the command $tool is missing"
  done
  # The rest of the preflight is done with them.
  refuse_problems
  if [[ ! ${INSTALL_K3S_SCRIPT-} ]]; then
    command -v curl >/dev/null || problem 'the command curl is missing'
  elif [[ ! -f $INSTALL_K3S_SCRIPT ]]; then
    problem "there is no $INSTALL_K3S_SCRIPT"
  fi
  [[ -d $(dirname "$log_file") && -w $(dirname "$log_file") ]] || problem "the log $log_file cannot be written; name another with INSTALL_LOG"
  while read -r key value _; do
    [[ $key != MemTotal: ]] || memory=$((value / 1024))
  done </proc/meminfo
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
  refuse_problems
  say "preflight: $node is fit to join $cluster ($environment)"
}

# --- installation, and the way back -----------------------------------------------------

# What the machine runs already: k3s, k3s-agent. A binary alone is none of them, as it may be there for INSTALL_K3S_SKIP_DOWNLOAD.
units=() backup='' can_go_back=''

find_units() {
  local unit
  for unit in k3s k3s-agent; do
    if [[ -x /usr/local/bin/$unit-uninstall.sh ]] || systemctl cat "$unit.service" >/dev/null 2>&1; then
      units+=("$unit")
    fi
  done
}

ended() {
  local code=$? uninstall unit
  trap - EXIT
  if ((code != 0)) && [[ $can_go_back ]]; then
    say 'the installation failed; going back'
    # What k3s said goes with it.
    journalctl --no-pager --lines=40 --unit=k3s --unit=k3s-agent >>"$log_file" 2>/dev/null || true
    if ((${#units[@]} == 0)); then
      for uninstall in /usr/local/bin/k3s-uninstall.sh /usr/local/bin/k3s-agent-uninstall.sh; do
        [[ ! -x $uninstall ]] || "$uninstall" >>"$log_file" 2>&1 || say "$uninstall failed"
      done
      # A supplied binary goes with an uninstallation, and a download replaces it.
      [[ ! -e $backup/binary ]] || mv -f "$backup/binary" /usr/local/bin/k3s || say 'the supplied /usr/local/bin/k3s is lost'
    fi
    rm -rf "$target"
    [[ ! -d $backup/k3s ]] || cp -a "$backup/k3s" "$target"
    for unit in "${units[@]+"${units[@]}"}"; do
      systemctl restart "$unit" 2>/dev/null || say "$unit could not be restarted"
    done
  fi
  ((code == 0)) || say "the log is in $log_file"
  [[ ! $backup ]] || rm -rf "$backup"
  exit "$code"
}

install_k3s() {
  local script role=agent
  ! is_server || role=server
  find_units
  backup=$(mktemp -d)
  trap ended EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [[ ! -d $target ]] || cp -a "$target" "$backup/k3s"
  if ((${#units[@]} == 0)) && [[ -e /usr/local/bin/k3s ]]; then cp -a /usr/local/bin/k3s "$backup/binary"; fi
  script=${INSTALL_K3S_SCRIPT-}
  if [[ ! $script ]]; then
    script=$backup/get-k3s
    curl -sSfL --retry 3 https://get.k3s.io -o "$script" || die 'https://get.k3s.io cannot be had; INSTALL_K3S_SCRIPT names a copy of it'
  fi
  can_go_back=1
  say "writing the configuration of $node"
  install -d -m 0755 "$target"
  install -m 0600 "$configs"/*.yaml "$target"
  say "installing k3s ${k3s_version:-$k3s_channel} as $role"
  env INSTALL_K3S_CHANNEL="$k3s_channel" INSTALL_K3S_VERSION="$k3s_version" INSTALL_K3S_EXEC="$role" sh "$script" >>"$log_file" 2>&1 ||
    die 'the script of k3s failed'
}

# --- health -----------------------------------------------------------------------------

within() { # WHAT COMMAND...
  local end=$((SECONDS + patience)) what=$1
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "$what: not within $patience s"
    sleep 2
  done
}

# k3s adds four bytes in hexadecimal to a name `with-node-id`.
node_is() { # READY
  local name=${node//./\\.} listed
  ! is_set with-node-id || name+='-[0-9a-f]{8}'
  listed=$(k3s kubectl get nodes \
    -o 'jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}') || return 1
  grep -qE "^$name=$1$" <<<"$listed"
}

health() {
  if ! is_server; then
    within 'k3s-agent does not run' systemctl is-active --quiet k3s-agent
    say "$node is up"
    return
  fi
  within 'the API server is not ready' k3s kubectl get --raw /readyz
  # From here on this is a server with data, which others may use already: what is still wrong is said, and it stays.
  can_go_back=''
  if is_set disable-agent; then
    say "$node is a server without a node of its own"
  elif grep -qE '^flannel-backend: "?none"?$' "$configs/config.yaml"; then
    within "the node $node has not registered; k3s stays as it is" node_is '.*'
    say "$node is Ready once the network of its pods is installed"
  else
    within "the node $node is not Ready; k3s stays as it is" node_is True
  fi
  if ! holds disable coredns; then
    within 'the cluster has no DNS; k3s stays as it is' k3s kubectl -n kube-system get deployment coredns
  fi
  say "$node is up"
}

# A look leaves no log.
[[ $only_preflight ]] || [[ ! -w $(dirname "$log_file") ]] || logging=1
preflight
[[ ! $only_preflight ]] || exit 0
install_k3s
health
