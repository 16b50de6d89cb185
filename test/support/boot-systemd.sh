# Boots a real systemd as process 1, with one service: boot-systemd.sh UNIT EXECUTABLE GROUP.
#
# Run it as root in new mount, pid, network and uts namespaces. It starts nothing of this machine: all units but the one
# and the targets that it hangs on are hidden, and so are generators; kernel settings are read-only. Its control groups
# lie below GROUP, at the root of the hierarchy, and outlive it. What the service says is in /run/pillion.log.
set -eu
unit=$1
executable=$2
group=$3
over() {
  mount -t tmpfs -o mode=755 tmpfs "$1"
}
mount --make-rprivate /
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys

over /run
mkdir /run/upper /run/work /run/lock
install -m 755 /dev/null /run/upper/pillion
mount -t overlay -o lowerdir=/usr/bin,upperdir=/run/upper,workdir=/run/work overlay /usr/bin
mount --bind "$executable" /usr/bin/pillion

units=/usr/lib/systemd/system
over /usr/lib/systemd/system-generators
over /etc/systemd/system
over $units
cp "$unit" $units/pillion.service
mkdir $units/pillion.service.d
printf '[Service]\nStandardOutput=append:/run/pillion.log\n' >$units/pillion.service.d/log.conf
for target in sysinit basic shutdown; do printf '[Unit]\nDefaultDependencies=no\n' >$units/$target.target; done
printf '[Unit]\nWants=pillion.service\n' >$units/test.target
over /tmp

ip link set lo up
mkdir /run/hierarchy
mount -t cgroup2 none /run/hierarchy
mkdir "/run/hierarchy/$group"
echo $$ >"/run/hierarchy/$group/cgroup.procs"
umount /run/hierarchy
export container=test
# A hierarchy that is mounted from here on begins at the group.
exec unshare --cgroup sh -euc 'mount -t cgroup2 none /sys/fs/cgroup
  exec /lib/systemd/systemd --system --unit=test.target --log-target=console --show-status=0'
