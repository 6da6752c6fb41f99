#!/bin/sh
# Puts the locked uv into .uv, by pip, with as little as a bare Debian offers.
#   sh scripts/bootstrap.sh PYTHON
set -eu

python=$1

refuse() {
  printf 'doorward: %s\n' "$1" >&2
  exit 1
}

# Debian keeps pip's wheel in a package of its own. It is fetched and unpacked inside .uv with package lists
# of our own: no rights are needed and nothing is installed.
unpack_pip() {
  mkdir -p .uv/apt/lists/partial .uv/apt/cache/archives/partial
  : >.uv/apt/status
  (
    cd .uv/apt
    set -- -qq -o "Dir::State=$PWD" -o "Dir::State::status=$PWD/status" -o "Dir::Cache=$PWD/cache" \
      -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::Languages=none
    apt-get "$@" update && apt-get "$@" download python3-pip-whl && dpkg -x python3-pip-whl_*.deb .
  ) >.uv/apt.log 2>&1 || return 1
  pip=$(find .uv/apt/usr/share/python-wheels -name 'pip-*.whl' | head -n 1)/pip
}

command -v "$python" >/dev/null ||
  refuse "$python is not there. Install Python 3.11 or newer (Debian: sudo apt install python3 python3-venv)."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  refuse "Python 3.11 or newer is needed and $python is older. Name another one: make PYTHON=python3.12 run"

echo 'Installing uv into .uv'
[ -x .uv/bin/python ] || rm -rf .uv
if "$python" -c 'import ensurepip' 2>/dev/null; then
  "$python" -m venv .uv
  set -- -m pip
else
  "$python" -m venv --without-pip .uv
  unpack_pip ||
    refuse "Python came without pip here. Run: sudo apt install python3-venv ($(tail -n 1 .uv/apt.log))"
  set -- "$pip"
fi
.uv/bin/python "$@" --disable-pip-version-check --quiet install --require-hashes --only-binary :all: -r requirements/uv.txt
rm -rf .uv/apt .uv/apt.log
