#!/bin/sh
# A throw-away host: this machine's own file system under a layer that is thrown away, with its own
# processes, mounts and host name. Nothing that happens in it reaches the machine.
#
# Run by `stagepass demo` as root, in new mount, process and host name namespaces:
#   host.sh FOLDER ADDRESS PORT SHOP_PORT [SHOP_FILES]
# FOLDER holds admin.pub (may log in as root and deploy), host_key and shop.sh. SHOP_FILES is an archive of files that are
# laid over the machine's own here: what a shop needs and the machine does not have.
set -eu
folder=$1 address=$2 port=$3 shop_port=$4 shop_files=${5:-}
root=$folder/host/root

mount --make-rprivate /
mkdir -p "$folder/host"
mount -t tmpfs -o size=2g,mode=755 stagepass-demo "$folder/host"
mkdir "$folder/host/upper" "$folder/host/work" "$root"
[ -z "$shop_files" ] || tar -C "$folder/host/upper" -xf "$shop_files"
mount -t overlay -o "lowerdir=/,upperdir=$folder/host/upper,workdir=$folder/host/work" \
    stagepass-demo "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir -p "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
# Of the machine the programs and their settings are seen, and nothing that people keep on it: nobody has it read there, and the
# account that is closed is looked for in what is left.
for kept in "$root"/*; do
    case ${kept##*/} in
        bin | sbin | lib* | usr | etc | var | boot | dev | proc | sys | run | tmp) ;;
        *) [ ! -d "$kept" ] || [ -L "$kept" ] || mount -t tmpfs -o size=64m,mode=755 tmpfs "$kept" ;;
    esac
done
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

# The kernel counts the processes of a number, whatever host they are on: that of another demo, or of who works here, is not
# taken.
low=${address##*.} high=${address%.*}
chroot "$root" /bin/sh -eu -s "$((20000 + (${high##*.} * 256 + low + port) % 30000))" <<'INSIDE'
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
useradd --uid "$1" --create-home --shell /bin/sh --password '*' deploy
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

# Without a shop the rest is shown all the same: whoever reads this file says why there is none.
cp "$folder/shop.sh" "$root/run/shop.sh"
if chroot "$root" /bin/sh /run/shop.sh "$shop_port" >"$folder/no-shop" 2>"$folder/shop.log" </dev/null; then
    rm -f "$folder/no-shop"
fi

# Not a mere chroot: in one the kernel lets nobody make namespaces, and SFTP could not be shut into the shop.
mkdir "$root/run/outside"
pivot_root "$root" "$root/run/outside"
cd /
umount -l /run/outside
rmdir /run/outside
exec /usr/sbin/sshd -D -e
