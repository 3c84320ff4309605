#!/bin/busybox sh
# Loads the drivers, mounts the root disk and hands over.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
for module in $($b cat /modules/order); do $b insmod "/modules/$module"; done
$b mount -t ext4 -o ro /dev/vda /new
$b umount /proc /sys /dev
exec $b switch_root /new /init
