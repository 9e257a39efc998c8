# shellcheck shell=bash
# Makes or renews one Secret from the unit's credentials.
#
# SECRET_NAME, SECRET_NAMESPACE   which
# SECRET_KEYS                     its keys, with spaces; the value of KEY is the credential `value.KEY`
# RESTART                         workloads to start anew when a value changed; may be empty

read -ra keys <<<"$SECRET_KEYS"
read -ra workloads <<<"$RESTART"

# kubectl reads the values itself: they are in no argument and no environment.
values=()
for key in "${keys[@]}"; do
  values+=("--from-file=$key=$CREDENTIALS_DIRECTORY/value.$key")
done

in_namespace() { kubectl --namespace="$SECRET_NAMESPACE" "$@"; }
version() { in_namespace get secret "$SECRET_NAME" --ignore-not-found --output='jsonpath={.metadata.resourceVersion}'; }

kubectl get namespace "$SECRET_NAMESPACE" --output=name >/dev/null 2>&1 ||
  kubectl create namespace "$SECRET_NAMESPACE"

# A server-side apply of equal values leaves the version as it is.
before=$(version)
in_namespace create secret generic "$SECRET_NAME" "${values[@]}" --dry-run=client --output=json |
  in_namespace apply --server-side --force-conflicts --field-manager=cluster-secrets --filename=-
after=$(version)

if [[ $before && $before != "$after" ]]; then
  for workload in "${workloads[@]}"; do
    if [[ $(in_namespace get "$workload" --ignore-not-found --output=name) ]]; then
      in_namespace rollout restart "$workload"
    fi
  done
fi
