#!/usr/bin/env bash
# The consortium's authority from the command line, and one node with its certificate: what is made, what is never overwritten, who is heard
# at the door (by OpenSSL's own program), and that a renewed certificate is taken while the node runs.
#   authority.sh PROGRAM BASE_PORT    three ports from BASE_PORT are used
set -euo pipefail  # so no `grep -q` at the end of a pipe: it would end what it reads from
program=$1 port=$2
folder=$(mktemp -d)
node=
trap '[ -z "$node" ] || kill "$node" 2>/dev/null || true; rm -rf "$folder"' EXIT
fail() { echo "authority: $*" >&2; [ ! -e "$folder/log" ] || tail -n 20 "$folder/log" >&2; exit 1; }
refused() { # refused WORDS COMMAND...
  if said=$("${@:2}" 2>&1); then fail "${*:2} was not refused"; fi
  case $said in *"$1"*) ;; *) fail "expected \`$1\` of ${*:2}, came: $said" ;; esac
}
within() { # within SECONDS WHAT COMMAND...
  for _ in $(seq 1 $(($1 * 10))); do "${@:3}" >/dev/null 2>&1 && return 0; sleep 0.1; done
  fail "waited $1 s in vain for $2"
}
web=http://127.0.0.1:$port ca=$folder/ca

"$program" ca init "$ca" --name "Test" >/dev/null
refused "is there already" "$program" ca init "$ca"
"$program" ca issue solo other --ca "$ca" --days 3 >/dev/null
refused "is there already" "$program" ca issue solo --ca "$ca"
refused "is no node's name" "$program" ca issue "Two Words" --ca "$ca"
refused "is not the certificate of \`ca\`" "$program" ca issue ca --ca "$ca" --renew
for key in ca solo other; do [ "$(stat -c %a "$ca/$key.key")" = 600 ] || fail "$key.key is not its owner's alone"; done
for purpose in sslserver sslclient; do
  openssl verify -x509_strict -purpose $purpose -CAfile "$ca/ca.pem" "$ca/solo.pem" >/dev/null || fail "OpenSSL does not take the certificate"
done
openssl x509 -in "$ca/solo.pem" -noout -ext subjectAltName | grep 'URI:callslip:node:solo$' >/dev/null || fail "the certificate does not name the node"
says() { openssl x509 -in "$ca/$1.pem" -noout -ext subjectAltName | tail -n 1 | tr -d ' '; }
"$program" ca issue boss --coordinator --ca "$ca" | grep 'may be a coordinator' >/dev/null || fail "it is not told that the certificate is a coordinator's"
[ "$(says boss)" = "URI:callslip:node:boss,URI:callslip:coordinator:boss" ] || fail "the coordinator's certificate says $(says boss)"
openssl verify -x509_strict -purpose sslserver -CAfile "$ca/ca.pem" "$ca/boss.pem" >/dev/null || fail "OpenSSL does not take a coordinator's certificate"
"$program" ca issue boss --ca "$ca" --renew >/dev/null
[ "$(says boss)" = "URI:callslip:node:boss,URI:callslip:coordinator:boss" ] || fail "renewed, the coordinator's certificate says $(says boss)"
"$program" ca issue boss --no-coordinator --ca "$ca" --renew >/dev/null
[ "$(says boss)" = "URI:callslip:node:boss" ] || fail "taken back, the coordinator's certificate says $(says boss)"

cat > "$folder/node.yaml" <<YAML
node: solo
cluster: authority
data: $folder/data
keyring: $folder/keyring
roles: [library, coordinator]
web: ["127.0.0.1:$port"]
urls: ["$web"]
peer: "127.0.0.1:$((port + 1))"
gossip: "127.0.0.1:$((port + 2))"
coordinators: [{name: solo, id: 1, peer: "127.0.0.1:$((port + 1))"}]
tls: {ca: $ca/ca.pem, certificate: $ca/solo.pem, key: $ca/solo.key}
YAML
sed "s|solo.pem, key: $ca/solo.key|other.pem, key: $ca/other.key|" "$folder/node.yaml" > "$folder/wrong.yaml"
refused "is the node \`other\`'s" "$program" serve --config "$folder/wrong.yaml"

"$program" serve --config "$folder/node.yaml" > "$folder/log" 2>&1 &
node=$!
within 30 "the node" "$program" health --ready --node "$web"
# Whole days are told, and in its first second it has three of them left.
"$program" status --node "$web" | grep 'CERTIFICATE: it ends within [34] days' >/dev/null || fail "the status does not tell that the certificate ends soon"
knock() { # the certificate's serial number as the node shows it
  openssl s_client -connect "127.0.0.1:$((port + 1))" -tls1_3 -CAfile "$ca/ca.pem" -verify_return_error -cert "$ca/other.pem" -key "$ca/other.key" \
    < /dev/null 2>/dev/null | openssl x509 -noout -serial
}
shows() { [ "$(knock)" = "$(openssl x509 -in "$ca/solo.pem" -noout -serial)" ]; }
shows || fail "the node does not show its certificate"
"$program" ca issue solo --ca "$ca" --renew >/dev/null
within 20 "the renewed certificate" shows
kill -TERM $node
wait $node || fail "the node ended with status $?"
node=
echo "authority: as written"
