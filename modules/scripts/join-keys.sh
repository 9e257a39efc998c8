# shellcheck shell=bash
# Makes a key for every node that is not in the mesh yet. Arguments: NAME=RECIPIENT.
#
# HEALTH_URL         where Headscale says that it is well
# HEADSCALE          how to call its command line
# HEADSCALE_USER     whom nodes belong to
# TAGS               tags of the nodes, with commas; may be empty
# EXPIRATION_HOURS   how long a key can be used
# SELF               this machine's name, if it joins too
# STATE_DIRECTORY    gets NAME.age
# RUNTIME_DIRECTORY  gets SELF, in the clear: it is in memory and root's alone

umask 077

read -ra command <<<"$HEADSCALE"
ask() { "${command[@]}" "$@" --output=json; }

# A fresh cluster first pulls its image; how long that may take is for the unit to say.
until curl --fail --silent --output /dev/null --max-time 5 "$HEALTH_URL"; do
  sleep 2
done

user_id() {
  ask users list | jq --raw-output --arg name "$HEADSCALE_USER" '.[]? | select(.name == $name) | .id'
}
user=$(user_id)
if [[ ! $user ]]; then
  ask users create "$HEADSCALE_USER" >/dev/null
  user=$(user_id)
fi

members=$(ask nodes list | jq --raw-output '.[]? | .given_name, .name')
is_member() { grep --quiet --fixed-strings --line-regexp -- "$1" <<<"$members"; }

# A key is never an argument: those can be read by every process of the machine.
make_key() {
  local options=(--user "$user" --expiration "${EXPIRATION_HOURS}h")
  [[ ! $TAGS ]] || options+=(--tags "$TAGS")
  ask preauthkeys create "${options[@]}" | jq --exit-status --join-output .key
}

# Half of its life is left at least: there has to be time to bring it to the node.
is_fresh() { [[ -s $1 && $(find "$1" -mmin "-$((EXPIRATION_HOURS * 30))") ]]; }

if [[ $SELF ]]; then
  own=$RUNTIME_DIRECTORY/$SELF
  if is_member "$SELF"; then
    rm -f "$own"
  elif ! is_fresh "$own"; then
    make_key >"$own.new"
    mv "$own.new" "$own"
  fi
fi

for node; do
  name=${node%%=*}
  recipient=${node#*=}
  file=$STATE_DIRECTORY/$name.age
  if is_member "$name"; then
    rm -f "$file"
  elif ! is_fresh "$file"; then
    make_key | age --encrypt --armor --recipient "$recipient" --output "$file.new"
    mv "$file.new" "$file"
    printf 'made a key for %s: %s\n' "$name" "$file"
  fi
done
