#!/bin/sh
# Make sure the few system libraries that Python wheels cannot carry are there.
# Usage: system-packages.sh demo|test
# As root on Debian they are installed; elsewhere one line says what is missing and what that costs.
set -u

missing=""
need() { # library-or-command, Debian package
    case "$1" in
        lib*) ldconfig -p 2>/dev/null | grep -q "$1" || missing="$missing $2" ;;
        *) command -v "$1" >/dev/null 2>&1 || missing="$missing $2" ;;
    esac
}

need libGL.so.1 libgl1
need libglib-2.0.so.0 libglib2.0-0
if [ "${1:-demo}" = test ]; then
    need dciodvfy dicom3tools
    need chromium chromium
    need Orthanc "orthanc orthanc-dicomweb"
    need storescu dcmtk
    need pg_ctlcluster postgresql
    need Xvfb xvfb
    need libEGL.so.1 libegl1
    need libdbus-1.so.3 libdbus-1-3
    need libfontconfig.so.1 libfontconfig1
    need libxcb-cursor.so.0 libxcb-cursor0
    need libxcb-icccm.so.4 libxcb-icccm4
    need libxcb-keysyms.so.1 libxcb-keysyms1
    need libxcb-shape.so.0 libxcb-shape0
    need libxkbcommon-x11.so.0 libxkbcommon-x11-0
fi

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086  (one word a package)
    apt-get update -qq >/dev/null 2>&1
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; then
        echo "Installed:$missing"
        exit 0
    fi
fi
echo "Missing system packages:$missing (OpenCV needs libgl1 and libglib2.0-0; without the others their tests are skipped)"
exit 0
