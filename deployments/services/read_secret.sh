# Sourced by the start scripts: how they read what they must not be told on a command line.
# Secrets leave here by the environment of one process, or not at all.

# Print one secret of this service: secret NAME
secret() {
  local file=${FIXLAKE_SECRETS:?folder with the secrets of this service}/$1
  if [ ! -r "$file" ]; then
    echo "$0: cannot read $file; deployments/secrets/generate.sh makes it" >&2
    return 1
  fi
  cat "$file"
}
