#!/bin/sh
# The programs that the tests of deploy/ and the tests in browsers run for real, with the Debian packages of each.
# Present: used. Missing, and we may install: installed. Otherwise one line that says what to do.
set -eu
PATH=$PATH:/usr/sbin:/sbin
packages=

while read -r program package; do
    command -v "$program" >/dev/null 2>&1 || packages="$packages $package"
done <<END
caddy caddy
nginx nginx-light
tor tor
systemd-analyze systemd
chromium chromium
firefox-esr firefox-esr
fc-match fontconfig fonts-dejavu-core
END

# Its server lies in a folder of its version, in no path.
[ -n "${DREMPEL_WITHOUT_POSTGRES:-}" ] || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || packages="$packages postgresql"

[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "drempel: the tests need these programs, please install:$packages (Debian: apt-get install --no-install-recommends$packages)" >&2
    exit 1
fi

# A test run must not leave a web server and a Tor daemon running: Debian asks this file before starting one.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages >/dev/null
