#!/usr/bin/env bash
# A library's path from an invitation to chats being answered, as README.md has it, with OpenSSL's own program and wrong tokens and names beside it. Wrong clocks, tokens whose
# time is over and renewal: Tests/NodeTests/JoinTests.swift and RenewalTests.swift.
#   joining.sh PROGRAM BASE_PORT    eight ports from BASE_PORT are used
set -euo pipefail  # so no `grep -q` at the end of a pipe: it would end what it reads from
program=$1 port=$2
folder=$(mktemp -d)
nodes=()
trap 'for node in "${nodes[@]}"; do kill "$node" 2>/dev/null || true; done; rm -rf "$folder"' EXIT
fail() { echo "joining: $*" >&2; for log in "$folder"/*.log; do tail -n 20 "$log" >&2; done; exit 1; }
refused() { # refused WORDS COMMAND...
  if said=$("${@:2}" 2>&1); then fail "${*:2} was not refused"; fi
  case $said in *"$1"*) ;; *) fail "expected \`$1\` of ${*:2}, came: $said" ;; esac
}
within() { # within SECONDS WHAT COMMAND...
  for _ in $(seq 1 $(($1 * 10))); do "${@:3}" >/dev/null 2>&1 && return 0; sleep 0.1; done
  fail "waited $1 s in vain for $2"
}
web=http://127.0.0.1:$port ca=$folder/ca

# LTG: the authority, whose key is not where the coordinator is, the coordinator with its issuer, and the consortium.
"$program" ca init "$ca" --name "Test" >/dev/null
"$program" ca issue c1 --ca "$ca" --out "$folder/c1" >/dev/null
"$program" ca issuer c1 --ca "$ca" --out "$folder/c1" >/dev/null
refused "is there already" "$program" ca issuer c1 --ca "$ca" --out "$folder/c1"
cp "$ca/ca.pem" "$folder/c1/"
mv "$ca" "$folder/offline"
[ "$(stat -c %a "$folder/c1/c1-issuer.key")" = 600 ] || fail "the issuer's key is not its owner's alone"
openssl verify -x509_strict -CAfile "$folder/c1/ca.pem" "$folder/c1/c1-issuer.pem" >/dev/null || fail "OpenSSL does not take the issuer"
cat > "$folder/c1.yaml" <<YAML
node: c1
cluster: joining
data: $folder/c1/data
keyring: $folder/c1/keyring
roles: [coordinator]
web: ["127.0.0.1:$port"]
urls: ["$web"]
peer: "127.0.0.1:$((port + 1))"
gossip: "127.0.0.1:$((port + 2))"
coordinators: [{name: c1, id: 1, peer: "127.0.0.1:$((port + 1))"}]
tls: {ca: $folder/c1/ca.pem, certificate: $folder/c1/c1.pem, key: $folder/c1/c1.key, issuer: $folder/c1/c1-issuer.pem, issuerKey: $folder/c1/c1-issuer.key}
YAML
"$program" serve --config "$folder/c1.yaml" > "$folder/c1.log" 2>&1 &
nodes+=($!)
within 30 "the coordinator" "$program" health --ready --node "$web"
cat > "$folder/consortium.yaml" <<YAML
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: memorial
    title: Memorial Library
    node: memorial
    queues: [{name: memorial, title: Memorial}]
    operators: [{name: ada, display: Ada, password: correct-horse-battery, queues: [memorial, general]}]
YAML
refused "import it first" "$program" invite memorial --data "$folder/c1/data"
"$program" import "$folder/consortium.yaml" --data "$folder/c1/data" >/dev/null 2>&1 && status=0 || status=$?
[ "$status" = 75 ] || fail "the import ended with $status; expected 75, as there is no node yet that takes the passwords"
invite() { "$program" invite memorial --data "$folder/c1/data" "$@" 2>/dev/null; }
join() { "$program" join "$1" --directory "$folder/$2" --address 127.0.0.1 --web-port $((port + 4)) --peer-port $((port + 5)) --gossip-port $((port + 6)); }

# What can go wrong, each with a sentence that says what to do.
first=$(invite)
token=$(invite)
refused "Ask LTG for another one" join "$first" first   # replaced by the second
refused "copy the whole line" join "${token%????}" short
refused "copy the whole line" join "hello" hello
refused "is no address in numbers" "$program" join "$token" --directory "$folder/named" --address memorial.example
unreachable=$(invite --url "http://127.0.0.1:$((port + 7))")
refused "no coordinator answered" join "$unreachable" nobody
token=$(invite)

# The library.
started=$(date +%s)
join "$token" memorial > "$folder/said" || fail "the node did not join"
grep "callslip serve --config $folder/memorial/node.yaml" "$folder/said" >/dev/null || fail "the next step is not told"
for secret in node.key keyring; do [ "$(stat -c %a "$folder/memorial/$secret")" = 600 ] || fail "$secret is not its owner's alone"; done
[ "$(stat -c %a "$folder/memorial")" = 700 ] || fail "the node's folder is not its owner's alone"
cmp -s "$folder/memorial/keyring" "$folder/c1/keyring" || fail "the node has another keyring"
refused "is there already" join "$token" memorial
refused "was used at" join "$token" second
csplit -s -f "$folder/part" "$folder/memorial/node.pem" '/BEGIN/' '{*}'
openssl verify -x509_strict -purpose sslclient -CAfile "$folder/c1/ca.pem" -untrusted "$folder/c1/c1-issuer.pem" "$folder/part01" >/dev/null \
  || fail "OpenSSL does not take the node's certificate"
"$program" serve --config "$folder/memorial/node.yaml" > "$folder/memorial.log" 2>&1 &
nodes+=($!)
own=http://127.0.0.1:$((port + 4))
within 60 "the node" "$program" health --ready --node "$own"
within 60 "the board" sh -c "'$program' status --node $own | grep 'served by c1\|memorial' "
within 60 "the passwords at the new node" "$program" import "$folder/consortium.yaml" --data "$folder/c1/data"
code() { curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{"operator":"ada","password":"correct-horse-battery"}' "$own/api/sign-in"; }
signs_in() { [ "$(code)" = 200 ]; }
within 30 "the operator's sign-in at the new node" signs_in
took=$(($(date +%s) - started))

echo "joining: as written, $took s from the token to the sign-in"
