# shellcheck shell=bash
# Brings this machine into the mesh, once; later runs only bring its settings up to date.
#
# JOIN_KEY_FILE   the key, encrypted when IDENTITY_FILE is set
# IDENTITY_FILE   what decrypts it
# LOGIN_SERVER    Headscale's URL
# NODE_NAME       the name in the mesh
# ROUTES          what this machine routes into the mesh, with commas; may be empty
# ACCEPT_ROUTES   true or false
# INTERFACE       the mesh's network interface
# STATE_DIRECTORY gets `joined`, by which later starts need no key

settings=(
  "--accept-routes=$ACCEPT_ROUTES"
  "--advertise-routes=$ROUTES"
  "--hostname=$NODE_NAME"
)

state() {
  tailscale status --json --peers=false 2>/dev/null | jq --raw-output .BackendState
}

# After a start tailscaled first looks for what it was before.
for ((tries = 0; tries < 30; tries++)); do
  now=$(state || true)
  case $now in
    Running | NeedsLogin | NeedsMachineAuth | Stopped) break ;;
  esac
  sleep 1
done

if [[ $now == Running ]]; then
  tailscale set "${settings[@]}"
else
  if [[ ! -s $JOIN_KEY_FILE ]]; then
    printf 'no key to join the mesh with: %s is not there or empty (tailscaled says %s)\n' "$JOIN_KEY_FILE" "${now:-nothing}" >&2
    exit 1
  fi
  # The key goes by a file from here on: arguments can be read by every process of the machine.
  key=$RUNTIME_DIRECTORY/key
  trap 'rm -f "$key"' EXIT
  if [[ ${IDENTITY_FILE-} ]]; then
    age --decrypt --identity "$IDENTITY_FILE" --output "$key" "$JOIN_KEY_FILE"
  else
    cat "$JOIN_KEY_FILE" >"$key"
  fi
  tailscale up --login-server="$LOGIN_SERVER" --auth-key="file:$key" --timeout=60s "${settings[@]}"
fi

# What starts after this binds to the interface.
for ((tries = 0; tries < 60; tries++)); do
  if [[ -d /sys/class/net/$INTERFACE ]] && tailscale ip >/dev/null 2>&1; then
    touch "$STATE_DIRECTORY/joined"
    exit 0
  fi
  sleep 1
done
printf 'in the mesh, but %s has no address after a minute\n' "$INTERFACE" >&2
exit 1
