#!/usr/bin/env bash
# The path of cluster/guides/NODE.md for a library, from a container with nothing but the image's files in it: no shell, no folder of this machine, an address and processes of its own, and the image's user. Wrong
# tokens, one that has ended and wrong clocks are each told in a sentence; then the right one leads to an operator's sign-in, by the clock.
#   join_container.sh PROGRAM    needs root, iproute2 and a C compiler; skipped with a line where they are not
set -euo pipefail  # so no `grep -q` at the end of a pipe: it would end what it reads from
skip() { echo "join_container: skipped: $*"; exit 0; }
[ "$(id -u)" -eq 0 ] || skip "needs root, for namespaces of its own"
for tool in ip unshare nsenter chroot cc pgrep curl; do command -v "$tool" >/dev/null || skip "needs $tool"; done
if [ -z "${CALLSLIP_JOIN_CONTAINER:-}" ]; then
  unshare --net --mount true 2>/dev/null || skip "this machine gives no namespaces"
  CALLSLIP_JOIN_CONTAINER=1 exec unshare --net --mount --propagation private "$0" "$@"
fi
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
folder=$(mktemp -d)
started=()
inside=
finish() {
  # The first process of the container: with it go all that are in there. (`unshare` itself heeds no TERM, and its child, as such a first process, neither.)
  [ -z "$inside" ] || kill -9 "$inside" 2>/dev/null || true
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  umount -R "$folder/image/proc" "$folder/image/dev" 2>/dev/null || true
  rm -rf --one-file-system "$folder"
}
trap finish EXIT
fail() { echo "join_container: $*" >&2; for log in "$folder"/*.log; do [ -e "$log" ] && tail -n 20 "$log" >&2; done; exit 1; }
refused() { # refused WORDS COMMAND...
  if said=$("${@:2}" 2>&1); then fail "${*:2} was not refused"; fi
  case $said in *"$1"*) echo "  $said" ;; *) fail "expected \`$1\` of ${*:2}, came: $said" ;; esac
}
within() { # within SECONDS WHAT COMMAND...
  for _ in $(seq 1 $(($1 * 10))); do "${@:3}" >/dev/null 2>&1 && return 0; sleep 0.1; done
  fail "waited $1 s in vain for $2"
}

# LTG's side has 192.0.2.1, the container 192.0.2.7 and nothing else.
ltg=192.0.2.1 own=192.0.2.7
ip link set lo up
unshare --net --pid --fork --kill-child sleep infinity & started+=($!)
within 5 "the container's namespaces" pgrep -P "$!"
inside=$(pgrep -P "$!")
ip link add ltg type veth peer name library netns "$inside"
ip address add $ltg/24 dev ltg && ip link set ltg up
nsenter --net --target "$inside" sh -c "ip link set lo up; ip address add $own/24 dev library; ip link set library up"

# The image's root file system, as its Dockerfile makes it, and a clock that can be off.
mkdir "$folder/image"
"$here/../../docker/assemble" "$program" "$folder/image"
cc -shared -fPIC -O1 -o "$folder/clock.so" "$here/clock.c"
install -D -m 0755 "$folder/clock.so" "$folder/image$folder/clock.so"  # at one path inside and outside
chmod 0755 "$folder" "$folder/image" "$folder/image$folder"
mkdir -p "$folder/image/proc" "$folder/image/dev"
nsenter --pid --target "$inside" mount -t proc proc "$folder/image/proc"
mount --rbind /dev "$folder/image/dev"
container() { # container OFF COMMAND...: in the image, whose clock is off by so many seconds
  local clock=()
  [ "$1" = 0 ] || clock=("LD_PRELOAD=$folder/clock.so" "CALLSLIP_CLOCK_OFF=$1")
  nsenter --net --pid --target "$inside" env -i PATH=/usr/sbin:/usr/bin HOME=/nonexistent "${clock[@]}" \
    chroot --userspec=10001:10001 "$folder/image" /usr/bin/callslip "${@:2}"
}
if ls "$folder/image/bin/sh" "$folder/image/usr/bin/sh" >/dev/null 2>&1; then fail "there is a shell in the image"; fi

# LTG: an authority, a coordinator with an issuer, and the consortium.
"$program" ca init "$folder/ca" --name "Test" >/dev/null
"$program" ca issue c1 --coordinator --ca "$folder/ca" --out "$folder/c1" >/dev/null
"$program" ca issuer c1 --ca "$folder/ca" --out "$folder/c1" >/dev/null
cp "$folder/ca/ca.pem" "$folder/c1/"
web=http://$ltg:7100
cat > "$folder/c1.yaml" <<YAML
node: c1
cluster: container
data: $folder/c1/data
keyring: $folder/c1/keyring
roles: [coordinator]
web: ["$ltg:7100"]
urls: ["$web"]
peer: "$ltg:7200"
gossip: "$ltg:7300"
coordinators: [{name: c1, id: 1, peer: "$ltg:7200"}]
tls: {ca: $folder/c1/ca.pem, certificate: $folder/c1/c1.pem, key: $folder/c1/c1.key, issuer: $folder/c1/c1-issuer.pem, issuerKey: $folder/c1/c1-issuer.key}
YAML
coordinate() { # coordinate OFF: a coordinator whose clock is off by so many seconds
  LD_PRELOAD=$folder/clock.so CALLSLIP_CLOCK_OFF=$1 "$program" serve --config "$folder/c1.yaml" > "$folder/c1.log" 2>&1 &
  coordinator=$!
  started+=("$coordinator")
  within 60 "the coordinator" "$program" health --ready --node "$web"
}
coordinate 0
cat > "$folder/consortium.yaml" <<YAML
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: memorial
    title: Memorial Library
    node: memorial
    queues: [{name: memorial, title: Memorial}]
    operators: [{name: ada, display: Ada, password: correct-horse-battery, queues: [memorial, general]}]
YAML
"$program" import "$folder/consortium.yaml" --data "$folder/c1/data" >/dev/null 2>&1 && status=0 || status=$?
[ "$status" = 75 ] || fail "the import ended with $status; expected 75, as there is no node yet that takes the passwords"
invite() { "$program" invite memorial --data "$folder/c1/data" "$@" 2>/dev/null; }
join() { container "$1" join "$2" --directory "/data/$3" --address $own; }

echo "join_container: what each mistake is told:"
token=$(invite --hours 1)
refused "copy the whole line" join 0 "hello" hello
refused "copy the whole line" join 0 "${token%????}" short
refused "2 hours behind the coordinator's" join -7200 "$token" behind
refused "30 days ahead of the coordinator's" join 2592000 "$token" ahead
kill "$coordinator" && wait "$coordinator" || true
coordinate 7200
refused "This token ended at" join 0 "$token" ended
kill "$coordinator" && wait "$coordinator" || true
coordinate 0
replaced=$(invite)
token=$(invite)
refused "Ask LTG for another one" join 0 "$replaced" replaced

# The two lines.
began=$(date +%s)
join 0 "$token" callslip-node > "$folder/said" || fail "the node did not join"
grep "callslip serve --config /data/callslip-node/node.yaml" "$folder/said" >/dev/null || fail "the next step is not told"
container 0 serve --config /data/callslip-node/node.yaml > "$folder/memorial.log" 2>&1 & started+=($!)
within 60 "the node" "$program" health --ready --node "http://$own:7100"
within 60 "the passwords at the new node" "$program" import "$folder/consortium.yaml" --data "$folder/c1/data"
code() { curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{"operator":"ada","password":"correct-horse-battery"}' "http://$own:7100/api/sign-in"; }
signs_in() { [ "$(code)" = 200 ]; }
within 60 "the operator's sign-in at the new node" signs_in
took=$(($(date +%s) - began))
[ "$took" -lt 300 ] || fail "it took $took s; five minutes are enough"
refused "was used at" join 0 "$token" second

echo "join_container: as written, $took s from the token to the sign-in, with nothing but the image"
