#!/bin/busybox sh
# First program of the test machine's root: mounts what a host has, runs one guest program, switches off.
export PATH=/bin:/sbin:/usr/bin:/usr/local/bin HOME=/root NODE_NO_WARNINGS=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /root
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security
mount -t bpf bpf /sys/fs/bpf 2>/dev/null
mount -t ext4 /dev/vdb /data
ip link set lo up
hostname vm
program=$(sed 's/.*guest=\([^ ]*\).*/\1/' /proc/cmdline)
node "/guest/$program.mjs" </dev/null
echo "VM exit $?"
sync
poweroff -f
