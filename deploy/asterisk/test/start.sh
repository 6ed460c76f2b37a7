#!/bin/sh
# Starts an Asterisk for the tests on loopback, from a root folder in which one is installed, with the samples of the
# folder above as its configuration. Needs root, for the chroot. Ends with Ctrl+C or SIGTERM. README.md tells the rest.
#   start.sh ROOT [HTTP-PORT [SIP-PORT]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 http=${2:-18088} sip=${3:-15060}
etc=$root/etc/openline-test

mkdir -p "$etc" "$root/var/lib/openline-test/keys" "$root/var/spool/openline-test" "$root/run/openline-test" \
    "$root/var/log/openline-test"
for empty in acl websocket_client ccss cdr cel features indications manager pjproject stasis udptl; do : > "$etc/$empty.conf"; done
modules=$(cd "$root" && find usr/lib -type d -path '*asterisk/modules' | head -n 1)
cp "$here"/../*.conf "$here"/*.conf "$etc"
cat "$here/phones.conf" >> "$etc/pjsip.conf"
sed -i "s|MODULES|/$modules|" "$etc/asterisk.conf"
sed -i "s|^bindport = .*|bindport = $http|" "$etc/http.conf"
sed -i "s|^password_format = crypt|password_format = plain|; s|CHANGE-ME-HASH|the-test-secret|" "$etc/ari.conf"
# The trunk's telephones listen on the port after Asterisk's own.
sed -i "s|^bind = .*|bind = 127.0.0.1:$sip|; s|CHANGE-ME-TRUNK-HOST|127.0.0.1:$((sip + 1))|; s|CHANGE-ME-USER|openline|; s|CHANGE-ME-TRUNK-PASSWORD|the-trunk-password|" "$etc/pjsip.conf"
exec chroot "$root" asterisk -f -C /etc/openline-test/asterisk.conf
