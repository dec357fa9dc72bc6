#!/bin/sh
# Two hosts and a NAT between them, in namespaces of this process that go with it: run it by `unshare -Urnm`.
# `home` (10.77.0.2) reaches `net` (45.45.77.2) through this router, which hides it; nothing leads back. Then runs "$@".
set -e
mount -t tmpfs tmpfs /run
ip link set lo up
ip netns add home
ip netns add net
ip link add lan type veth peer name eth0 netns home
ip link add wan type veth peer name eth0 netns net
ip addr add 10.77.0.1/24 dev lan
ip addr add 45.45.77.1/24 dev wan
ip link set lan up
ip link set wan up
for host in home net; do
  ip -n "$host" link set lo up
  ip -n "$host" link set eth0 up
done
ip -n home addr add 10.77.0.2/24 dev eth0
ip -n home route add default via 10.77.0.1
ip -n net addr add 45.45.77.2/24 dev eth0
echo 1 > /proc/sys/net/ipv4/ip_forward
nft add table ip nat
nft 'add chain ip nat out { type nat hook postrouting priority 100 ; }'
nft add rule ip nat out oifname wan masquerade
exec "$@"
