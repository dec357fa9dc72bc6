#!/bin/sh
# A bridge with three hosts on it, as Docker makes one, in namespaces of this process that go with it: run it by
# `unshare -Urnm`. The hosts are 172.30.0.11 to .13, named weft-1 to weft-3. Then runs "$@".
set -e
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add weft0 type bridge
ip addr add 172.30.0.1/24 dev weft0
ip link set weft0 up
for number in 1 2 3; do
  host="weft-$number"
  ip netns add "$host"
  ip link add "veth$number" type veth peer name eth0 netns "$host"
  ip link set "veth$number" master weft0
  ip link set "veth$number" up
  ip -n "$host" link set lo up
  ip -n "$host" addr add "172.30.0.1$number/24" dev eth0
  ip -n "$host" link set eth0 up
  ip -n "$host" route add default via 172.30.0.1
done
exec "$@"
