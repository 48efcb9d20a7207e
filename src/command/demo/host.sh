#!/bin/sh
# A throw-away host: this machine's own file system under a layer that is thrown away, with its own
# processes, mounts and host name. Nothing that happens in it reaches the machine.
#
# Run by `stagepass demo` as root, in new mount, process and host name namespaces:
#   host.sh FOLDER ADDRESS PORT
# FOLDER holds admin.pub (may log in as root and deploy) and host_key.
set -eu
folder=$1 address=$2 port=$3
root=$folder/host/root

mount --make-rprivate /
mkdir -p "$folder/host"
mount -t tmpfs -o size=512m,mode=755 stagepass-demo "$folder/host"
mkdir "$folder/host/upper" "$folder/host/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$folder/host/upper,workdir=$folder/host/work" \
    stagepass-demo "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir -p "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
hostname staging

# The keys are outside what the new root can see.
mkdir -p "$root/run/sshd" "$root/root/.ssh" "$root/etc/ssh/keys"
chmod 700 "$root/root" "$root/root/.ssh"
cp "$folder/admin.pub" "$root/root/.ssh/authorized_keys"
chmod 600 "$root/root/.ssh/authorized_keys"
install -m 600 "$folder/host_key" "$root/etc/ssh/keys/demo"
rm -rf "$root/etc/ssh/sshd_config.d"
sftp=internal-sftp
cat >"$root/etc/ssh/sshd_config" <<CONFIG
ListenAddress $address
Port $port
HostKey /etc/ssh/keys/demo
PermitRootLogin prohibit-password
PasswordAuthentication yes
UsePAM yes
Subsystem sftp $sftp
PidFile none
CONFIG

chroot "$root" /bin/sh -eu <<'INSIDE'
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
useradd --create-home --shell /bin/sh --password '*' deploy
install -d -o deploy -g deploy -m 700 /home/deploy/.ssh
install -o deploy -g deploy -m 600 /root/.ssh/authorized_keys /home/deploy/.ssh/authorized_keys
install -d -o deploy -g deploy -m 755 /var/www/shop
echo 'APP_ENV=staging' >/var/www/shop/.env
echo '<?php echo "shop";' >/var/www/shop/index.php
chown -R deploy:deploy /var/www/shop
# A cron of its own, for the job that ends access on the server: none of this machine's jobs run here.
rm -rf /etc/cron.d /var/spool/cron/crontabs
mkdir -p /etc/cron.d
mkdir -m 1730 -p /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs 2>/dev/null || :
: >/etc/crontab
if [ -x /usr/sbin/cron ]; then
    /usr/sbin/cron
fi
INSIDE

exec chroot "$root" /usr/sbin/sshd -D -e
