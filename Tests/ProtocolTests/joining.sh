#!/usr/bin/env bash
# A library's path from an invitation to chats being answered, as cluster/guides/NODE.md has it, with OpenSSL's own program and wrong tokens and names beside it; and a second coordinator that comes and goes. Wrong clocks, tokens whose
# time is over and renewal: Tests/NodeTests/JoinTests.swift and RenewalTests.swift.
#   joining.sh PROGRAM BASE_PORT    fourteen ports from BASE_PORT are used
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

# Certificates say who may coordinate: one that was made without that word is replaced, once the log says that its node does, and before it has a vote.
may_coordinate() { openssl x509 -in "$folder/$1/$1.pem" -noout -ext subjectAltName | grep "URI:callslip:node:$1, URI:callslip:coordinator:$1\$"; }
within 30 "the coordinator's own certificate to say that it may coordinate" may_coordinate c1
"$program" ca issue c2 --ca "$folder/offline" --out "$folder/c2" >/dev/null
cp "$folder/c1/keyring" "$folder/c2/keyring"
sed -e "s|$folder/c1|$folder/c2|g" -e "s|^node: c1|node: c2|" -e "s|, issuer: .*|}|" -e "s|c2/c1\.|c2/c2.|g" -e "s|c2/ca.pem|c1/ca.pem|" -e "s|^web: .*|web: [\"127.0.0.1:$((port + 11))\"]|" \
  -e "s|^urls: .*|urls: [\"http://127.0.0.1:$((port + 11))\"]|" -e "s|^peer: .*|peer: \"127.0.0.1:$((port + 12))\"|" -e "s|^gossip: .*|gossip: \"127.0.0.1:$((port + 13))\"|" \
  -e "s|^coordinators: \[\(.*\)\]|coordinators: [\1, {name: c2, id: 2, peer: \"127.0.0.1:$((port + 12))\"}]|" "$folder/c1.yaml" > "$folder/c2.yaml"
printf 'joins: true\nseeds: ["127.0.0.1:%s"]\n' $((port + 1)) >> "$folder/c2.yaml"
"$program" serve --config "$folder/c2.yaml" > "$folder/c2.log" 2>&1 &
second=$!
nodes+=($second)
within 30 "the second coordinator" "$program" health --node "http://127.0.0.1:$((port + 11))"
if may_coordinate c2 >/dev/null; then fail "c2 may coordinate before anybody says that it does"; fi
timeout 90 "$program" coordinators add c2 --id 2 --peer "127.0.0.1:$((port + 12))" --data "$folder/c1/data" > "$folder/added" || fail "c2 was not added: $(cat "$folder/added")"
grep "does not say that it may be a coordinator, so it is given no vote" "$folder/added" >/dev/null || fail "it is not told that the certificate is lacking: $(cat "$folder/added")"
may_coordinate c2 >/dev/null || fail "c2 has a vote, and its certificate does not say that it may"
"$program" coordinators remove c2 --data "$folder/c1/data" >/dev/null || fail "c2 was not removed"
kill $second && wait $second || true
unset 'nodes[1]'
nodes=("${nodes[@]}")

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


# Another gossip key takes the present one's place while the library's machine is off: it has it, by its certificate, when it comes back.
nodes_of() { "$program" nodes "$@" --data "$folder/c1/data"; }
keyring_of() { "$program" keyring "$@" --data "$folder/c1/data"; }
refused "ask at one" "$program" keyring rotate --data "$folder/memorial/data"
kill "${nodes[1]}" && wait "${nodes[1]}" || true
cp "$folder/c1/keyring" "$folder/first-key"
keyring_of rotate > "$folder/turned" || fail "the gossip key was not turned: $(cat "$folder/turned")"
if cmp -s "$folder/c1/keyring" "$folder/first-key"; then fail "the coordinator's keyring is as it was"; fi
[ "$(wc -l < "$folder/c1/keyring")" = 1 ] || fail "the former gossip key is still in the coordinator's file"
cmp -s "$folder/memorial/keyring" "$folder/first-key" || fail "the machine that is off has another keyring"
"$program" serve --config "$folder/memorial/node.yaml" > "$folder/memorial.log" 2>&1 &
nodes[1]=$!
within 30 "the keys at the machine that slept" cmp -s "$folder/memorial/keyring" "$folder/c1/keyring"
is_alive() { nodes_of | grep "memorial  *alive" >/dev/null; }
within 30 "gossip with the machine that slept" is_alive
within 30 "the operator's sign-in there again" signs_in

# LTG removes the node: it is told why, its people are signed off, and nobody hears it; another machine takes its place by another invitation.
signed_in=$(curl -s -c - -o /dev/null -H 'Content-Type: application/json' -d '{"operator":"ada","password":"correct-horse-battery"}' "$own/api/sign-in" | grep callslip_session | awk '{print $7}')
me() { curl -s -o /dev/null -w '%{http_code}' -H "Cookie: callslip_session=$signed_in" "$own/api/me"; }
[ "$(me)" = 200 ] || fail "ada is not signed in"
refused "knows no node" nodes_of remove no-such-node
refused "very node" nodes_of remove c1
refused "is no coordinator; ask at one" "$program" nodes remove c1 --data "$folder/memorial/data"
removed_at=$(date +%s%N)
nodes_of remove memorial | grep "No node hears" >/dev/null || fail "the removal is not told"
is_removed() { "$program" status --node "$own" > "$folder/status" && grep "REMOVED: LTG removed .memorial. from the consortium" "$folder/status"; }
within 5 "the removed node to say why" is_removed
gone_after=$((($(date +%s%N) - removed_at) / 1000000))
[ "$(me)" = 401 ] || fail "ada is still signed in at the removed node"
[ "$(code)" = 503 ] || fail "somebody signs in at the removed node"
if "$program" health --ready --node "$own" >/dev/null 2>&1; then fail "the removed node says that it is ready"; fi
nodes_of > "$folder/list"
grep "memorial .*REMOVED at" "$folder/list" >/dev/null || fail "the list does not say that it is removed"
cp "$folder/c1/keyring" "$folder/second-key"
keyring_of rotate >/dev/null || fail "the gossip key was not turned after the removal"
cmp -s "$folder/memorial/keyring" "$folder/second-key" || fail "the removed node has the next key"
hears_no_more() { keyring_of | grep "refused here: [1-9]" >/dev/null; }
within 30 "the removed node's gossip to be refused and counted" hears_no_more
token=$(invite)
again() { "$program" join "$token" --directory "$folder/again" --address 127.0.0.1 --web-port $((port + 8)) --peer-port $((port + 9)) --gossip-port $((port + 10)); }
again >/dev/null || fail "the machine in its place did not join"
"$program" serve --config "$folder/again/node.yaml" > "$folder/again.log" 2>&1 &
nodes+=($!)
own=http://127.0.0.1:$((port + 8))
within 60 "the machine in its place" "$program" health --ready --node "$own"
within 60 "the passwords there" "$program" import "$folder/consortium.yaml" --data "$folder/c1/data"
within 30 "the operator's sign-in there" signs_in
own=http://127.0.0.1:$((port + 4))
is_removed >/dev/null || fail "the old machine is heard again, by its old key"

echo "joining: as written, $took s from the token to the sign-in; a removed node knew it after $gone_after ms"
