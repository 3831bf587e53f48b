#!/bin/sh
# Starts one of the roles of the image: `node` (a node process), `conductor` (a conductor that stands alone), `secrets` (draws the
# secrets of a run inside its cluster) or `campaign ...` (the operator's command line).
# Owns: the choice, and the name and address that a node has by default. Does not own: any option.
set -eu
app="$(cd "$(dirname "$0")/.." && pwd)"
role="${1:-node}"
[ "$#" -eq 0 ] || shift
case "$role" in
  node)
    : "${BFT_NODE_LISTEN_ADVERTISE:=$(hostname -i | cut -d ' ' -f 1)}"
    : "${BFT_NODE_NAME:=node-$(hostname)}"
    export BFT_NODE_LISTEN_ADVERTISE BFT_NODE_NAME
    exec node "$app/node/main.ts" "$@"
    ;;
  conductor)
    exec node "$app/campaigns/conductor-main.ts" "$@"
    ;;
  secrets)
    exec node "$app/campaigns/secrets-main.ts" "$@"
    ;;
  campaign)
    exec node "$app/campaigns/cli.ts" "$@"
    ;;
  *)
    echo "unknown role \"$role\": node, conductor, secrets or campaign" >&2
    exit 20
    ;;
esac
